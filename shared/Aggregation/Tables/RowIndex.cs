using System.Numerics;

namespace DistMtl.Aggregation.Tables;

/// <summary>Where in the store a row lies: row number to slot, for the rows that have one.</summary>
internal abstract class RowIndex
{
    public const int None = -1;

    /// <summary>A table of so many rows has a place for each of them, 4 MiB at most, which is faster than to search.</summary>
    public const int DirectRows = 1 << 20;

    public static RowIndex Create(int rows) => rows <= DirectRows ? new DirectRowIndex(rows) : new HashRowIndex();

    /// <param name="slots_N">The row's slot, or <see cref="None"/>.</param>
    public abstract void Find(ReadOnlySpan<int> rows_N, Span<int> slots_N);

    /// <summary>Of a row that has none.</summary>
    public abstract void Add(int row, int slot);

    /// <summary>Of a row that has one.</summary>
    public abstract void Remove(int row);
}

/// <summary>One number for each row.</summary>
internal sealed class DirectRowIndex(int rows) : RowIndex
{
    /// <summary>Slot + 1; 0: none.</summary>
    private readonly int[] _places = new int[rows];

    public override void Find(ReadOnlySpan<int> rows_N, Span<int> slots_N)
    {
        var places = _places;
        for (var i = 0; i < rows_N.Length; i++)
            slots_N[i] = places[rows_N[i]] - 1;
    }

    public override void Add(int row, int slot) => _places[row] = slot + 1;

    public override void Remove(int row) => _places[row] = 0;
}

/// <summary>
/// Open addressing with linear probing (Knuth, TAOCP 6.4): row and slot side by side in one word, so that a search costs one
/// line of memory, and the searches of a batch do not wait for one another. Its size follows the rows that are in it.
/// </summary>
internal sealed class HashRowIndex : RowIndex
{
    private const int FirstBits = 10;
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Row + 1 below, slot above; 0: free.</summary>
    private ulong[] _words = new ulong[1 << FirstBits];
    private int _shift = 64 - FirstBits;
    private int _count;

    public override void Find(ReadOnlySpan<int> rows_N, Span<int> slots_N)
    {
        var words = _words;
        for (var i = 0; i < rows_N.Length; i++)
        {
            var key = (uint)rows_N[i] + 1;
            var word = words[Home(key)];
            if ((uint)word != key && word != 0)
                word = words[PlaceOf(key)];
            slots_N[i] = word == 0 ? None : (int)(word >> 32);
        }
    }

    public override void Add(int row, int slot)
    {
        // Five eighths full at most: a search then looks at two words, a search in vain at four.
        if ((_count + 1) * 8L > _words.Length * 5L)
            Grow();
        var key = (uint)row + 1;
        _words[PlaceOf(key)] = key | (ulong)(uint)slot << 32;
        _count++;
    }

    public override void Remove(int row)
    {
        var mask = _words.Length - 1;
        var hole = PlaceOf((uint)row + 1);
        // What lies behind and could not have been found across the hole moves into it (Knuth's algorithm R).
        for (var at = (hole + 1) & mask; _words[at] != 0; at = (at + 1) & mask)
        {
            if (((at - Home((uint)_words[at])) & mask) >= ((at - hole) & mask))
            {
                _words[hole] = _words[at];
                hole = at;
            }
        }
        _words[hole] = 0;
        _count--;
    }

    private int Home(uint key) => (int)(key * Golden >> _shift);

    /// <summary>Where the key lies, or the free place where it would.</summary>
    private int PlaceOf(uint key)
    {
        var words = _words;
        var at = Home(key);
        while ((uint)words[at] != key && words[at] != 0)
            at = (at + 1) & (words.Length - 1);
        return at;
    }

    private void Grow()
    {
        var words = _words;
        _words = new ulong[checked(words.Length * 2)];
        _shift = 64 - BitOperations.Log2((uint)_words.Length);
        foreach (var word in words)
        {
            if (word != 0)
                _words[PlaceOf((uint)word)] = word;
        }
    }
}
