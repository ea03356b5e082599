namespace DistMtl.Aggregation.Tables;

/// <summary>
/// Rows that have been touched, but not often enough to be trained: a count of 16 bits each and no values, some 20 bytes of a
/// row.
/// </summary>
internal sealed class WaitingRows(int rows, RowSettings settings)
{
    private ushort[] _touches = [];

    public RowSlots Slots { get; } = new(rows, settings.Expiry is not null);

    /// <summary>Whether the row's next touch is one that trains it.</summary>
    public bool IsDue(int row) => (Slots.Find(row) is var slot and >= 0 ? _touches[slot] : 0) + 1 >= settings.Admission;

    public int TouchesOf(int slot) => _touches[slot];

    /// <summary>A touch of a row that is not <see cref="IsDue"/>.</summary>
    public void Touch(int row, int step)
    {
        var slot = Slots.Find(row);
        if (slot == RowIndex.None)
            Put(row, 1, step);
        else
        {
            _touches[slot]++;
            Slots.Touch(slot, step);
        }
    }

    public void Put(int row, int touches, int step)
    {
        var slot = Slots.Add(row);
        if (slot >= _touches.Length)
            Array.Resize(ref _touches, Math.Max(64, _touches.Length * 2));
        _touches[slot] = (ushort)touches;
        Slots.Touch(slot, step);
    }

    /// <summary>The row waits no longer, if it did.</summary>
    public void Remove(int row)
    {
        if (Slots.Find(row) is var slot and >= 0)
            Slots.Remove(slot);
    }
}
