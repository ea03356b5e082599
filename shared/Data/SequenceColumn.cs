namespace DistMtl.Data;

/// <summary>Several ids a row, in compressed rows: those of row b are <c>Values[Offsets[b] .. Offsets[b + 1]]</c>.</summary>
/// <param name="Values">Ids in the table of the feature, or of the feature whose table it shares; 0 = unseen.</param>
/// <param name="Offsets">B + 1 numbers, the first 0, the last the length of <paramref name="Values"/>.</param>
public sealed record SequenceColumn(int[] Values, int[] Offsets)
{
    public ReadOnlySpan<int> this[int row] => Values.AsSpan(Offsets[row]..Offsets[row + 1]);

    public SequenceColumn Gather(ReadOnlySpan<int> rows)
    {
        var offsets = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++)
            offsets[i + 1] = offsets[i] + this[rows[i]].Length;
        var values = new int[offsets[^1]];
        for (var i = 0; i < rows.Length; i++)
            this[rows[i]].CopyTo(values.AsSpan(offsets[i]));
        return new SequenceColumn(values, offsets);
    }
}
