using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// What lies in the slots: so many numbers each, a row's values and its optimiser's state side by side, so that they come
/// from memory together. Arrays of about 1 MiB, made as slots come into use, so that growing copies nothing.
/// </summary>
internal sealed class RowChunks
{
    private const int ChunkNumbers = 1 << 18;

    /// <summary>Floats of a line of a cache: 64 bytes.</summary>
    private const int LineNumbers = 16;

    private readonly int _stride;
    private readonly int _shift;
    private readonly int _mask;
    private readonly bool _isWholeLines;
    private (float[] Numbers, int Start)[] _chunks = [];

    /// <summary>Means nothing; keeps the loads from being left out.</summary>
    private float _fetched;

    /// <param name="stride">Numbers of a slot.</param>
    /// <param name="rows">R: no more slots are ever used.</param>
    public RowChunks(int stride, int rows)
    {
        var slots = Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, 1)), 1, (uint)Math.Max(1, ChunkNumbers / stride));
        (_stride, _shift) = (stride, BitOperations.Log2(slots));
        _mask = (1 << _shift) - 1;
        _isWholeLines = stride % LineNumbers == 0;
    }

    public Span<float> this[int slot]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var (numbers, start) = _chunks[slot >> _shift];
            return numbers.AsSpan(start + (slot & _mask) * _stride, _stride);
        }
    }

    /// <summary>
    /// Brings slots from memory: these loads wait for nothing, so that many are under way at once, whereas an update has too
    /// many operations between one row and the next.
    /// </summary>
    /// <param name="count">The first numbers of each slot.</param>
    public void Fetch(ReadOnlySpan<int> slots_N, int count)
    {
        var sum = 0f;
        foreach (var slot in slots_N)
        {
            if (slot == RowIndex.None)
                continue;
            var numbers = this[slot][..count];
            for (var i = 0; i < numbers.Length; i += LineNumbers)
                sum += numbers[i];
            if (!_isWholeLines)
                sum += numbers[^1];
        }
        _fetched = sum;
    }

    /// <summary>Makes room for a slot; all before it have some.</summary>
    public void Reserve(int slot)
    {
        if (slot >> _shift < _chunks.Length)
            return;
        Array.Resize(ref _chunks, (slot >> _shift) + 1);
        // From the beginning of a line on, or a row of 64 bytes would lie in two.
        var numbers = GC.AllocateUninitializedArray<float>((_stride << _shift) + LineNumbers, pinned: true);
        var place = (int)(Marshal.UnsafeAddrOfPinnedArrayElement(numbers, 0) / sizeof(float) % LineNumbers);
        _chunks[^1] = (numbers, (LineNumbers - place) % LineNumbers);
    }
}
