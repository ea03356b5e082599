using DistMtl.Aggregation.Tables;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Runs;

/// <summary>
/// Rows of sparse tables as a safetensors file: for each table <c>&lt;name&gt;.rows</c> (I32), <c>&lt;name&gt;.values</c>, each state of
/// the optimiser under its own name and, where a table has them, <c>.last_steps</c>, <c>.waiting</c>, <c>.touches</c>,
/// <c>.waiting_last_steps</c> and <c>.forgotten</c> (I32), as <see cref="TableRows"/> says.
/// </summary>
internal static class TableFile
{
    public static void Write(Stream stream, IReadOnlyList<TableRows> tables) => Safetensors.Write(stream, [.. tables.SelectMany(Tensors)]);

    /// <exception cref="InvalidDataException">It does not hold these tables.</exception>
    public static IReadOnlyList<TableRows> Read(string path, IReadOnlyList<SavedTable> tables)
    {
        var tensors = Safetensors.ReadWithIntegers(path).Tensors;
        return [.. tables.Select(table => Read(tensors, table, Path.GetFileName(path)))];
    }

    private static IEnumerable<NamedTensor> Tensors(TableRows table)
    {
        yield return Integers("rows", table.Rows);
        yield return new NamedTensor($"{table.Name}.values", [table.Rows.Length, table.Dim], table.Values_ND);
        foreach (var (name, values) in table.State)
        {
            yield return new NamedTensor(
                $"{table.Name}.{name}", values.Length == table.Rows.Length ? [values.Length] : [table.Rows.Length, values.Length / table.Rows.Length], values);
        }
        foreach (var (name, numbers) in new[]
        {
            ("last_steps", table.LastSteps_N), ("waiting", table.Waiting), ("touches", table.Touches_M),
            ("waiting_last_steps", table.WaitingLastSteps_M), ("forgotten", table.Forgotten),
        })
        {
            if (numbers.Length > 0)
                yield return Integers(name, numbers);
        }

        NamedTensor Integers(string name, int[] numbers) => NamedTensor.Of($"{table.Name}.{name}", numbers);
    }

    private static TableRows Read(IReadOnlyDictionary<string, NamedTensor> tensors, SavedTable table, string file)
    {
        return new TableRows(table.Name, table.Dim, Integers("rows") ?? throw Missing("rows"), Floats("values"))
        {
            State = table.States.ToDictionary(name => name, Floats),
            LastSteps_N = Integers("last_steps") ?? [],
            Waiting = Integers("waiting") ?? [],
            Touches_M = Integers("touches") ?? [],
            WaitingLastSteps_M = Integers("waiting_last_steps") ?? [],
            Forgotten = Integers("forgotten") ?? [],
        };

        float[] Floats(string name) => tensors.TryGetValue($"{table.Name}.{name}", out var tensor) && tensor.Integers is null
            ? tensor.Values.ToArray()
            : throw Missing(name);

        int[]? Integers(string name) => tensors.TryGetValue($"{table.Name}.{name}", out var tensor) ? tensor.Integers?.ToArray() : null;

        InvalidDataException Missing(string name) => new($"{file} has no tensor '{table.Name}.{name}'");
    }
}
