using System.Collections.ObjectModel;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// Rows of one table as a checkpoint holds them: all that differ from the beginning, or what has become of those that changed
/// since an earlier snapshot.
/// </summary>
/// <param name="Name">The table's.</param>
/// <param name="Dim">D.</param>
/// <param name="Rows">The N rows that have values, ascending.</param>
public sealed record TableRows(string Name, int Dim, int[] Rows, float[] Values_ND)
{
    /// <summary>What the optimiser keeps, by PyTorch's names: D numbers of a row, or 1.</summary>
    public IReadOnlyDictionary<string, float[]> State { get; init; } = ReadOnlyDictionary<string, float[]>.Empty;

    /// <summary>The rows' last touches; empty where none is ever forgotten.</summary>
    public int[] LastSteps_N { get; init; } = [];

    /// <summary>The M rows that are not admitted yet, ascending.</summary>
    public int[] Waiting { get; init; } = [];

    /// <summary>How many steps have touched each.</summary>
    public int[] Touches_M { get; init; } = [];

    /// <summary>Their last touches; empty where none is ever forgotten.</summary>
    public int[] WaitingLastSteps_M { get; init; } = [];

    /// <summary>Rows that are again what they were in the beginning, ascending; none in a snapshot of all.</summary>
    public int[] Forgotten { get; init; } = [];

    /// <summary>Of all the numbers here.</summary>
    public long Bytes => sizeof(int) * (Rows.LongLength + Values_ND.LongLength + State.Values.Sum(values => values.LongLength)
        + LastSteps_N.LongLength + Waiting.LongLength + Touches_M.LongLength + WaitingLastSteps_M.LongLength + Forgotten.LongLength);

    public bool IsEmpty => Rows.Length + Waiting.Length + Forgotten.Length == 0;

    /// <summary>What one server owns.</summary>
    public TableRows Where(Func<int, bool> isWanted) => Pick(
        [this], Places(0, Rows, isWanted), Places(0, Waiting, isWanted), Array.FindAll(Forgotten, row => isWanted(row)));

    /// <summary>One table's parts from several servers, which have no row in common.</summary>
    public static TableRows Join(IReadOnlyList<TableRows> parts) => parts.Count == 1 ? parts[0] : Pick(
        parts, Sorted(parts, part => part.Rows), Sorted(parts, part => part.Waiting), [.. parts.SelectMany(part => part.Forgotten).Order()]);

    /// <summary>All rows after the changes, where these are all rows before.</summary>
    public TableRows With(TableRows changes) => Combine(changes, []);

    /// <summary>These changes and later ones in one.</summary>
    public TableRows Then(TableRows later)
    {
        var back = new HashSet<int>(later.Rows);
        back.UnionWith(later.Waiting);
        return Combine(later, [.. Forgotten.Where(row => !back.Contains(row)).Union(later.Forgotten).Order()]);
    }

    private TableRows Combine(TableRows changes, int[] forgotten)
    {
        var gone = new HashSet<int>(changes.Forgotten);
        gone.UnionWith(changes.Rows);
        gone.UnionWith(changes.Waiting);
        return Pick(
            [this, changes],
            Merged(Places(0, Rows, row => !gone.Contains(row)), Places(1, changes.Rows, _ => true), Rows, changes.Rows),
            Merged(Places(0, Waiting, row => !gone.Contains(row)), Places(1, changes.Waiting, _ => true), Waiting, changes.Waiting),
            forgotten);
    }

    /// <exception cref="InvalidDataException">These are not rows of such a table.</exception>
    internal void Check(TableEntry entry, IReadOnlyCollection<(string Name, int Width)> state, RowSettings settings)
    {
        if (Name != entry.Name || Dim != entry.Dim)
            throw new InvalidDataException($"rows of '{Name}' with {Dim} numbers are no rows of '{entry.Name}' with {entry.Dim}");
        if (!State.Keys.Order(StringComparer.Ordinal).SequenceEqual(state.Select(state => state.Name).Order(StringComparer.Ordinal)))
            throw new InvalidDataException($"the state of '{Name}' holds [{string.Join(", ", State.Keys)}] where [{string.Join(", ", state.Select(state => state.Name))}] is needed");
        var (n, m, steps) = (Rows.Length, Waiting.Length, settings.Expiry is null ? 0 : 1);
        if (Values_ND.Length != n * Dim || state.Any(state => State[state.Name].Length != n * state.Width) || LastSteps_N.Length != n * steps
            || Touches_M.Length != m || WaitingLastSteps_M.Length != m * steps || Forgotten.Length != 0 || m > 0 && settings.Admission == 1)
            throw new InvalidDataException($"what is kept of '{Name}' does not fit its {n} rows and {m} that wait");
        if (!IsAscending(Rows, entry.Rows) || !IsAscending(Waiting, entry.Rows))
            throw new InvalidDataException($"rows of '{Name}' do not ascend from 0 to {entry.Rows - 1}");
    }

    private static bool IsAscending(int[] rows, int end)
    {
        var next = 0;
        foreach (var row in rows)
        {
            if (row < next)
                return false;
            next = row + 1;
        }
        return next <= end;
    }

    private static List<(int Source, int Index)> Places(int source, int[] rows, Func<int, bool> isWanted)
    {
        var places = new List<(int, int)>();
        for (var i = 0; i < rows.Length; i++)
        {
            if (isWanted(rows[i]))
                places.Add((source, i));
        }
        return places;
    }

    private static List<(int Source, int Index)> Sorted(IReadOnlyList<TableRows> parts, Func<TableRows, int[]> rowsOf)
    {
        var places = new List<(int Source, int Index)>();
        for (var source = 0; source < parts.Count; source++)
            places.AddRange(Places(source, rowsOf(parts[source]), _ => true));
        places.Sort((a, b) => rowsOf(parts[a.Source])[a.Index].CompareTo(rowsOf(parts[b.Source])[b.Index]));
        return places;
    }

    private static List<(int Source, int Index)> Merged(
        List<(int Source, int Index)> left, List<(int Source, int Index)> right, int[] leftRows, int[] rightRows)
    {
        var merged = new List<(int, int)>(left.Count + right.Count);
        var j = 0;
        foreach (var place in left)
        {
            for (; j < right.Count && rightRows[right[j].Index] < leftRows[place.Index]; j++)
                merged.Add(right[j]);
            merged.Add(place);
        }
        merged.AddRange(right.Skip(j));
        return merged;
    }

    private static TableRows Pick(
        IReadOnlyList<TableRows> sources, List<(int Source, int Index)> rows_N, List<(int Source, int Index)> waiting_M, int[] forgotten)
    {
        var first = sources[0];
        return new TableRows(first.Name, first.Dim, Column(source => source.Rows, rows_N, 1), Column(source => source.Values_ND, rows_N, first.Dim))
        {
            // Width by the number of rows, which is the same in all sources that have any.
            State = first.State.Keys.ToDictionary(name => name, name => Column(source => source.State[name], rows_N, WidthOf(name))),
            LastSteps_N = Column(source => source.LastSteps_N, rows_N, 1),
            Waiting = Column(source => source.Waiting, waiting_M, 1),
            Touches_M = Column(source => source.Touches_M, waiting_M, 1),
            WaitingLastSteps_M = Column(source => source.WaitingLastSteps_M, waiting_M, 1),
            Forgotten = forgotten,
        };

        int WidthOf(string name) => sources.FirstOrDefault(source => source.Rows.Length > 0) is { } some ? some.State[name].Length / some.Rows.Length : 1;

        T[] Column<T>(Func<TableRows, T[]> of, List<(int Source, int Index)> places, int width)
        {
            T[][] columns = [.. sources.Select(of)];
            // Steps are kept for all rows or for none.
            if (places.Count > 0 && columns[places[0].Source].Length == 0)
                return [];
            var picked = new T[checked(places.Count * width)];
            for (var i = 0; i < places.Count; i++)
                Array.Copy(columns[places[i].Source], places[i].Index * width, picked, i * width, width);
            return picked;
        }
    }
}
