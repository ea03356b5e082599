using DistMtl.Data.Parsing;

namespace DistMtl.Data.Describing;

/// <summary>What one column's cells have in common, gathered in one pass and in bounded memory.</summary>
internal sealed class ColumnStatistics
{
    /// <summary>Separators tried for several values in a cell, the likelier first.</summary>
    public static readonly string[] Separators = ["|", ";", ",", " "];

    private const int MaxCounted = 1 << 14;
    private const int MaxSplit = 10_000;

    private readonly DistinctSketch _distinct = new();
    private readonly ValueCounter _values = new();
    private readonly PartStatistics[] _parts = [.. Separators.Select(separator => new PartStatistics(separator))];
    private Moments _numbers;
    private long _characters;

    public long Missing { get; private set; }

    public long Present { get; private set; }

    public long Numbers => _numbers.Count;

    public long Integers { get; private set; }

    public double Mean => _numbers.Mean;

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public long Distinct => Math.Min(Present, _distinct.Count);

    public bool IsDistinctExact => _distinct.IsExact;

    public double MeanLength => Present == 0 ? 0 : (double)_characters / Present;

    /// <summary>Complete as long as there are few values; later values of a column with many are not counted.</summary>
    public IReadOnlyDictionary<string, long> Values => _values.Counts;

    /// <summary>Whether the file's own type is a list; <see cref="Parts"/> then tells the same for all separators.</summary>
    public bool IsList { get; private set; }

    /// <summary>Cells that <see cref="Parts"/> has seen.</summary>
    public int Split { get; private set; }

    public IReadOnlyList<PartStatistics> Parts => _parts;

    public void AddMissing() => Missing++;

    public void Add(ReadOnlySpan<char> cell, bool isList)
    {
        Present++;
        _characters += cell.Length;
        _distinct.Add(cell);
        if (_values.Counts.Count < MaxCounted)
            _values.Add(cell);
        if (CellValues.TryNumber(cell, out var number))
        {
            _numbers.Add(number);
            Min = Math.Min(Min, number);
            Max = Math.Max(Max, number);
            if (number == Math.Floor(number))
                Integers++;
        }
        IsList = isList;
        if (Split == MaxSplit)
            return;
        Split++;
        foreach (var parts in _parts)
            parts.Add(cell, isList);
    }
}

/// <summary>The cells of a column cut at one separator.</summary>
internal sealed class PartStatistics(string separator)
{
    private const int MaxExamples = 64;

    private readonly List<Range> _parts = [];
    private readonly HashSet<string> _examples = [];

    public string Separator { get; } = separator;

    /// <summary>Cells of two parts or more.</summary>
    public long Several { get; private set; }

    /// <summary>Of these, the cells whose parts are all numbers.</summary>
    public long SeveralNumbers { get; private set; }

    /// <summary>Some of the parts of cells with several.</summary>
    public IReadOnlySet<string> Examples => _examples;

    public int MinParts { get; private set; } = int.MaxValue;

    public int MaxParts { get; private set; }

    public void Add(ReadOnlySpan<char> cell, bool isList)
    {
        CellValues.SplitTo(_parts, cell, isList ? [Reading.RowReader.ListSeparator] : Separator);
        MinParts = Math.Min(MinParts, _parts.Count);
        MaxParts = Math.Max(MaxParts, _parts.Count);
        if (_parts.Count < 2)
            return;
        Several++;
        if (_examples.Count < MaxExamples)
            _examples.Add(cell[_parts[^1]].ToString());
        foreach (var part in _parts)
        {
            if (!CellValues.TryNumber(cell[part], out _))
                return;
        }
        SeveralNumbers++;
    }
}
