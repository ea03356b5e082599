using System.Buffers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// The rows of one sparse table that a parameter server owns. A row begins as a function of (seed, table, row) and takes no
/// memory until a step trains it. What a table comes to is a function of the rows touched in each step: not of how they are
/// cut into batches, not of how many servers own them, not of the machine. Reads may go on side by side; an update goes alone.
/// </summary>
/// <remarks>
/// Admission: a row is trained from its n-th touched step on. Touches before that are counted and their gradients dropped, and
/// the row reads as zeros, as a feature that is not admitted does elsewhere (DeepRec's <c>default_value_no_permission</c>, XDL,
/// RecIS), until its next touch is the n-th: gradients are those of what was read. Expiry: k steps without a touch and a row,
/// trained or counted, is forgotten: it is what it was in the beginning. It is looked for at every step that is a multiple of
/// k / 10, so that a step's time does not depend on the table's size.
/// </remarks>
public sealed class RowTable
{
    private const int SweepsPerExpiry = 10;

    /// <summary>Rows that come from memory side by side and then stay in the nearest cache until they are updated.</summary>
    private const int BlockRows = 64;

    private readonly RowSettings _settings;
    private readonly InitialRows _initial;
    private readonly RowRule _rule;
    private RowSlots _slots;
    private RowChunks _chunks;
    private WaitingRows? _waiting;

    public RowTable(TableEntry entry, ulong seed, RowSettings settings)
    {
        (Entry, _settings) = (entry, settings);
        _initial = new InitialRows(entry, seed);
        _rule = RowRule.Create(settings, entry.Dim);
        Clear();
    }

    public TableEntry Entry { get; }

    /// <summary>Whether no update changes it.</summary>
    public bool IsFrozen => _settings.IsFrozen;

    /// <summary>Whether a row can become another without a touch: what it was in the beginning.</summary>
    public bool MayForget => _settings.Expiry is not null;

    /// <summary>Rows that have been trained and not forgotten since.</summary>
    public int MaterializedRows => _slots.Count;

    /// <summary>A table of a job.</summary>
    public static RowTable Of(TableEntry entry, JobFile job) =>
        new(entry, job.Seed, RowSettings.Of(entry, job.Optimizer, job.Embeddings, job.Tasks));

    /// <summary>The rows' values now; nothing is stored.</summary>
    /// <param name="rows">Each from 0 to R - 1.</param>
    public void Read(ReadOnlySpan<int> rows, Span<float> values_ND)
    {
        Check(rows, values_ND.Length);
        var d = Entry.Dim;
        var slots = ArrayPool<int>.Shared.Rent(rows.Length);
        var slots_N = slots.AsSpan(0, rows.Length);
        _slots.Find(rows, slots_N);
        for (var i = 0; i < slots_N.Length; i++)
        {
            if (i % BlockRows == 0)
                _chunks.Fetch(slots_N.Slice(i, Math.Min(BlockRows, slots_N.Length - i)), d);
            var values_D = values_ND.Slice(i * d, d);
            if (slots_N[i] != RowIndex.None)
                _chunks[slots_N[i]][..d].CopyTo(values_D);
            else if (_waiting is null || _waiting.IsDue(rows[i]))
                _initial.Draw(rows[i], values_D);
            else
                values_D.Clear();
        }
        ArrayPool<int>.Shared.Return(slots);
    }

    /// <summary>One step's touches: call it in every step, with no rows where there are none, so that rows are forgotten in time.</summary>
    /// <param name="rows">Each from 0 to R - 1, none twice.</param>
    /// <param name="step">Of the run, 1 for the first.</param>
    /// <param name="rateFactor">The schedule's.</param>
    public void Update(ReadOnlySpan<int> rows, ReadOnlySpan<float> gradients_ND, int step, double rateFactor)
    {
        Check(rows, gradients_ND.Length);
        if (_settings.IsFrozen)
            return;
        var slots = ArrayPool<int>.Shared.Rent(rows.Length);
        var slots_N = slots.AsSpan(0, rows.Length);
        _slots.Find(rows, slots_N);
        for (var i = 0; i < slots_N.Length; i++)
        {
            if (slots_N[i] == RowIndex.None && (slots_N[i] = Admit(rows[i], step)) == RowIndex.None)
                continue;
            _slots.Touch(slots_N[i], step);
        }
        for (var start = 0; start < slots_N.Length; start += BlockRows)
        {
            var block = slots_N.Slice(start, Math.Min(BlockRows, slots_N.Length - start));
            _chunks.Fetch(block, _rule.Stride);
            _rule.Update(_chunks, block, gradients_ND.Slice(start * Entry.Dim, block.Length * Entry.Dim), step, _settings.LearningRate * rateFactor);
        }
        ArrayPool<int>.Shared.Return(slots);
        if (_settings.Expiry is { } expiry && step % Math.Max(1, expiry / SweepsPerExpiry) == 0)
        {
            _slots.RemoveUntouchedSince(step - expiry);
            _waiting?.Slots.RemoveUntouchedSince(step - expiry);
        }
    }

    /// <summary>All that a checkpoint needs of the table.</summary>
    public TableRows Snapshot() => Take(_slots.All(), _waiting?.Slots.All() ?? [], []);

    /// <summary>What has become of the rows touched or forgotten since this was last asked, or since the table was restored.</summary>
    public TableRows TakeChanges()
    {
        int[] removed = [.. _slots.TakeRemoved(), .. _waiting?.Slots.TakeRemoved() ?? []];
        var forgotten = RowLists.Distinct(Array.FindAll(removed, row => _slots.Find(row) < 0 && (_waiting is null || _waiting.Slots.Find(row) < 0)));
        return Take(_slots.TakeChanged(), _waiting?.Slots.TakeChanged() ?? [], forgotten);
    }

    /// <summary>Goes on from a snapshot: of all the table, or of the rows that are this server's (<see cref="TableRows.Where"/>).</summary>
    /// <exception cref="InvalidDataException">It is another table's, or of another rule for rows.</exception>
    public void Restore(TableRows content)
    {
        content.Check(Entry, _rule.State, _settings);
        Clear();
        for (var n = 0; n < content.Rows.Length; n++)
        {
            var slot = _slots.Add(content.Rows[n]);
            _chunks.Reserve(slot);
            var rest = _chunks[slot];
            content.Values_ND.AsSpan(n * Entry.Dim, Entry.Dim).CopyTo(rest);
            rest = rest[Entry.Dim..];
            foreach (var (name, width) in _rule.State)
            {
                content.State[name].AsSpan(n * width, width).CopyTo(rest);
                rest = rest[width..];
            }
            _slots.Touch(slot, _settings.Expiry is null ? 0 : content.LastSteps_N[n]);
        }
        for (var m = 0; m < content.Waiting.Length; m++)
            _waiting!.Put(content.Waiting[m], content.Touches_M[m], _settings.Expiry is null ? 0 : content.WaitingLastSteps_M[m]);
        _slots.TakeChanged();
        _waiting?.Slots.TakeChanged();
    }

    /// <returns>The slot of a row that is trained from now on; none where its touch is only counted.</returns>
    private int Admit(int row, int step)
    {
        if (_waiting is not null)
        {
            if (!_waiting.IsDue(row))
            {
                _waiting.Touch(row, step);
                return RowIndex.None;
            }
            _waiting.Remove(row);
        }
        var slot = _slots.Add(row);
        _chunks.Reserve(slot);
        _initial.Draw(row, _chunks[slot][..Entry.Dim]);
        // A slot that another row had keeps that row's state.
        _chunks[slot][Entry.Dim..].Clear();
        return slot;
    }

    private TableRows Take(int[] slots_N, int[] waiting_M, int[] forgotten)
    {
        var d = Entry.Dim;
        var values_ND = new float[checked(slots_N.Length * d)];
        var state = _rule.State.ToDictionary(state => state.Name, state => new float[checked(slots_N.Length * state.Width)]);
        for (var n = 0; n < slots_N.Length; n++)
        {
            var rest = _chunks[slots_N[n]];
            rest[..d].CopyTo(values_ND.AsSpan(n * d));
            rest = rest[d..];
            foreach (var (name, width) in _rule.State)
            {
                rest[..width].CopyTo(state[name].AsSpan(n * width));
                rest = rest[width..];
            }
        }
        return new TableRows(Entry.Name, d, Array.ConvertAll(slots_N, _slots.RowOf), values_ND)
        {
            State = state,
            LastSteps_N = _settings.Expiry is null ? [] : Array.ConvertAll(slots_N, _slots.LastStepOf),
            Waiting = Array.ConvertAll(waiting_M, slot => _waiting!.Slots.RowOf(slot)),
            Touches_M = Array.ConvertAll(waiting_M, slot => _waiting!.TouchesOf(slot)),
            WaitingLastSteps_M = _settings.Expiry is null ? [] : Array.ConvertAll(waiting_M, slot => _waiting!.Slots.LastStepOf(slot)),
            Forgotten = forgotten,
        };
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_slots), nameof(_chunks))]
    private void Clear()
    {
        _slots = new RowSlots(Entry.Rows, _settings.Expiry is not null);
        _chunks = new RowChunks(_rule.Stride, Entry.Rows);
        _waiting = _settings.Admission > 1 && !_settings.IsFrozen ? new WaitingRows(Entry.Rows, _settings) : null;
    }

    private void Check(ReadOnlySpan<int> rows, int length)
    {
        if (length != (long)rows.Length * Entry.Dim)
            throw new ArgumentException($"{length} numbers are not those of {rows.Length} rows of table '{Entry.Name}', which have {Entry.Dim} each", nameof(length));
        foreach (var row in rows)
        {
            if ((uint)row >= (uint)Entry.Rows)
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"table '{Entry.Name}' has {Entry.Rows} rows");
        }
    }
}
