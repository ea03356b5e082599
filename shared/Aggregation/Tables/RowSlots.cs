using System.Numerics;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// Which rows have a slot, when each was touched last, and which were since the last snapshot. Slots are numbers from 0 on;
/// what lies in them is another's.
/// </summary>
/// <param name="rows">R of the table.</param>
/// <param name="keepsSteps">Whether rows may be forgotten for want of a touch.</param>
internal sealed class RowSlots(int rows, bool keepsSteps)
{
    private const int Free = -1;

    private readonly RowIndex _index = RowIndex.Create(rows);
    private readonly Stack<int> _free = [];
    private readonly List<int> _removed = [];
    private int[] _rows = [];
    private int[] _lastSteps = [];
    private ulong[] _changed = [];
    private int _next;

    public int Count => _next - _free.Count;

    /// <summary>Slots that are or were in use.</summary>
    public int Length => _next;

    public void Find(ReadOnlySpan<int> rows_N, Span<int> slots_N) => _index.Find(rows_N, slots_N);

    public int Find(int row)
    {
        Span<int> slot = [RowIndex.None];
        _index.Find([row], slot);
        return slot[0];
    }

    public int RowOf(int slot) => _rows[slot];

    public int LastStepOf(int slot) => _lastSteps[slot];

    /// <returns>The slot of a row that has had none.</returns>
    public int Add(int row)
    {
        if (!_free.TryPop(out var slot))
        {
            slot = _next++;
            if (slot >= _rows.Length)
                Grow();
        }
        _rows[slot] = row;
        _index.Add(row, slot);
        return slot;
    }

    public void Touch(int slot, int step)
    {
        _changed[slot >> 6] |= 1UL << slot;
        if (keepsSteps)
            _lastSteps[slot] = step;
    }

    public void Remove(int slot)
    {
        _index.Remove(_rows[slot]);
        _removed.Add(_rows[slot]);
        _changed[slot >> 6] &= ~(1UL << slot);
        _rows[slot] = Free;
        _free.Push(slot);
    }

    /// <summary>Removes the rows whose last touch was at <paramref name="step"/> or before.</summary>
    public void RemoveUntouchedSince(int step)
    {
        for (var slot = 0; slot < _next; slot++)
        {
            if (_lastSteps[slot] <= step && _rows[slot] != Free)
                Remove(slot);
        }
    }

    /// <summary>The slots in use, by ascending row.</summary>
    public int[] All() => ByRow([.. Enumerable.Range(0, _next).Where(slot => _rows[slot] != Free)]);

    /// <summary>The slots touched since this was last asked, by ascending row.</summary>
    public int[] TakeChanged()
    {
        var slots = new List<int>();
        for (var i = 0; i < _changed.Length; i++)
        {
            for (var word = _changed[i]; word != 0; word &= word - 1)
                slots.Add((i << 6) + BitOperations.TrailingZeroCount(word));
            _changed[i] = 0;
        }
        return ByRow([.. slots]);
    }

    /// <summary>Rows removed since this was last asked, some of which may be back; in any order, perhaps repeated.</summary>
    public int[] TakeRemoved()
    {
        int[] removed = [.. _removed];
        _removed.Clear();
        return removed;
    }

    private int[] ByRow(int[] slots)
    {
        var rows_N = Array.ConvertAll(slots, RowOf);
        Array.Sort(rows_N, slots);
        return slots;
    }

    private void Grow()
    {
        var length = Math.Max(64, checked(_rows.Length * 2));
        Array.Resize(ref _rows, length);
        Array.Resize(ref _changed, length / 64);
        if (keepsSteps)
            Array.Resize(ref _lastSteps, length);
    }
}
