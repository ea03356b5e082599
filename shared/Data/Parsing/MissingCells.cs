namespace DistMtl.Data.Parsing;

/// <summary>The cells that mean "unknown". They are few, so comparing beats hashing.</summary>
internal readonly struct MissingCells(IEnumerable<string> cells)
{
    private readonly string[] _cells = [.. cells];

    public bool Contains(ReadOnlySpan<char> cell)
    {
        foreach (var missing in _cells)
        {
            if (cell.SequenceEqual(missing))
                return true;
        }
        return false;
    }
}
