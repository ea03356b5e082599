using System.Text.Json;
using DistMtl.Aggregation.Tables;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>Sparse tables in checkpoints: first 300 steps, then a few of them from one checkpoint to the next.</summary>
public sealed class TableCheckpointTests : IDisposable
{
    private const int First = 300;

    private readonly ScratchDirectory _scratch = new();
    private readonly CheckpointStore _store;
    private readonly RowTable[] _tables = NewTables();

    public TableCheckpointTests() =>
        _store = new CheckpointStore(RunDirectory.Create("census", _scratch.PathOf("run"), TimeProvider.System));

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Every_checkpoint_of_a_run_has_all_rows_to_the_bit_and_few_files()
    {
        List<int> files = [];
        var step = 0;
        for (var k = 0; k < 25; k++)
        {
            Train(_tables, step + 1, k == 0 ? First : step + 2);
            var directory = Save(_tables, k == 0 ? First : step + 2, k == 0 ? null : step);
            step = k == 0 ? First : step + 2;
            Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(Checkpoint.Read(directory).Tables));
            Assert.Equal(directory, _store.FindLatest(Assert.Fail));
            files.Add(Directory.GetFiles(directory, "tables-*").Length);
        }
        Assert.Equal([.. Enumerable.Range(1, TableChain.MaxFiles), 1, 2], files.Take(TableChain.MaxFiles + 2));
    }

    [Fact]
    public void A_checkpoint_costs_what_was_touched_since_the_one_before()
    {
        var (before, after) = SaveTwo();

        var whole = new FileInfo(Path.Combine(before, "tables-300.safetensors")).Length;
        Assert.InRange(new FileInfo(Path.Combine(after, "tables-302.safetensors")).Length, 1, whole / 10);
    }

    [Fact]
    public void Changes_that_outgrow_the_rows_before_are_written_with_them()
    {
        Train(_tables, 1, 5);
        Save(_tables, 5, null);
        Train(_tables, 6, 40);

        var directory = Save(_tables, 40, 5);

        Assert.Equal(["tables-40.safetensors"], Directory.GetFiles(directory, "tables-*").Select(path => Path.GetFileName(path)));
        Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(Checkpoint.Read(directory).Tables));
    }

    [Fact]
    public void A_checkpoint_needs_none_of_those_that_are_pruned()
    {
        var expected = new Dictionary<int, string>();
        Train(_tables, 1, First);
        Save(_tables, First, null);
        for (var step = First + 1; step < First + 6; step++)
        {
            Train(_tables, step, step);
            Save(_tables, step, step - 1);
            expected[step] = Text(_tables.Select(table => table.Snapshot()));
            _store.Prune(2, First + 1);
        }

        foreach (var step in new[] { First + 1, First + 4, First + 5 })
            Assert.Equal(expected[step], Text(Checkpoint.Read(_store.PathOf(step)).Tables));
        Assert.False(Directory.Exists(_store.PathOf(First)));
    }

    [Theory]
    [InlineData("tables-300.safetensors")]
    [InlineData("tables-302.safetensors")]
    public void A_file_that_is_missing_or_damaged_is_named_and_the_checkpoint_before_is_used(string file)
    {
        foreach (var damage in new Action<string>[] { File.Delete, Truncate, Flip })
        {
            Directory.CreateDirectory(_scratch.PathOf("run/checkpoints"));
            Directory.Delete(_scratch.PathOf("run/checkpoints"), recursive: true);
            var tables = NewTables();
            Train(tables, 1, First);
            var before = Save(tables, First, null);
            Train(tables, First + 1, First + 2);
            var after = Save(tables, First + 2, First);

            damage(Path.Combine(after, file));

            Assert.Contains(file, Assert.Throws<JobException>(() => Checkpoint.Read(after)).Message, StringComparison.Ordinal);
            List<string> warnings = [];
            Assert.Equal(before, _store.FindLatest(warnings.Add));
            Assert.Contains(file, Assert.Single(warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rows_that_are_damaged_on_the_disk_are_not_written_anew()
    {
        Train(_tables, 1, 5);
        var before = Save(_tables, 5, null);
        Train(_tables, 6, 40);
        Flip(Path.Combine(before, "tables-5.safetensors"));

        var error = Assert.Throws<JobException>(() => Save(_tables, 40, 5));

        Assert.Contains("tables-5.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains(before, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_store.PathOf(40)));
    }

    [Fact]
    public void Changes_on_top_of_a_checkpoint_that_is_gone_are_refused_and_all_rows_are_not()
    {
        var (before, after) = SaveTwo();
        Directory.Delete(before, recursive: true);
        Directory.Delete(after, recursive: true);
        Train(_tables, First + 3, First + 3);

        Assert.Contains(after, Assert.Throws<JobException>(() => Save(_tables, First + 3, First + 2)).Message, StringComparison.Ordinal);
        var whole = _store.Write(Content(First + 3) with { Tables = [.. _tables.Select(table => table.Snapshot())] });
        Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(Checkpoint.Read(whole).Tables));
    }

    [Fact]
    public void A_run_that_goes_on_from_any_checkpoint_comes_to_the_same_rows()
    {
        var (before, after) = SaveTwo();
        Train(_tables, First + 3, First + 20);
        foreach (var (directory, step) in new[] { (after, First + 2), (before, First) })
        {
            var resumed = NewTables();
            foreach (var (table, content) in resumed.Zip(Checkpoint.Read(directory).Tables))
                table.Restore(content);
            Train(resumed, step + 1, First + 10);
            var next = Save(resumed, First + 10, step);
            Train(resumed, First + 11, First + 20);

            Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(resumed.Select(table => table.Snapshot())));
            Assert.True(Directory.GetFiles(next, "tables-*").Length > 1);
            var again = NewTables();
            foreach (var (table, content) in again.Zip(Checkpoint.Read(next).Tables))
                table.Restore(content);
            Train(again, First + 11, First + 20);
            Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(again.Select(table => table.Snapshot())));
        }
    }

    [Fact]
    public void A_step_written_again_on_top_of_itself_has_all_rows()
    {
        var (_, after) = SaveTwo();

        Save(_tables, First + 2, First + 2);

        Assert.Equal(["tables-302.safetensors"], Directory.GetFiles(after, "tables-*").Select(path => Path.GetFileName(path)));
        Assert.Equal(Text(_tables.Select(table => table.Snapshot())), Text(Checkpoint.Read(after).Tables));
    }

    [Fact]
    public void What_was_read_can_be_written_again()
    {
        var (_, after) = SaveTwo();
        var content = Checkpoint.Read(after);

        var copy = _store.Write(content with { Step = 999 });

        Assert.Equal(Text(content.Tables), Text(Checkpoint.Read(copy).Tables));
    }

    [Fact]
    public void The_file_names_table_and_content()
    {
        Train(_tables, 1, 60);
        var file = Path.Combine(Save(_tables, 60, null), "tables-60.safetensors");

        var tensors = Safetensors.ReadWithIntegers(file).Tensors;
        var user = _tables[0].Snapshot();

        Assert.Equal(user.Rows, tensors["embedding.user.rows"].Integers!.Value.ToArray());
        Assert.Equal([user.Rows.Length, 3], tensors["embedding.user.values"].Shape);
        Assert.Equal([user.Rows.Length, 3], tensors["embedding.user.exp_avg"].Shape);
        Assert.Equal(user.Touches_M, tensors["embedding.user.touches"].Integers!.Value.ToArray());
        Assert.Equal([_tables[1].MaterializedRows], tensors["embedding.item.sum"].Shape);
        Assert.DoesNotContain("embedding.item.waiting", tensors.Keys);
    }

    [Fact]
    public void Tables_without_a_row_are_kept_too() =>
        Assert.Equal(Text(NewTables().Select(table => table.Snapshot())), Text(Checkpoint.Read(Save(_tables, 1, null)).Tables));

    [Fact]
    public void The_hash_covers_the_rows_of_every_table()
    {
        Train(_tables, 1, 5);
        TableRows[] tables = [.. _tables.Select(table => table.Snapshot())];
        float[] parameters = [1, -2];
        var hash = ParametersHash.Of(parameters, tables);
        var other = tables[1].Values_ND.ToArray();
        other[^1] = -other[^1];

        Assert.Equal(ParametersHash.Of(parameters), ParametersHash.Of(parameters, []));
        Assert.Equal(hash, ParametersHash.Of(parameters, [.. _tables.Select(table => table.Snapshot())]));
        Assert.Equal(5, new[]
        {
            hash,
            ParametersHash.Of(parameters),
            ParametersHash.Of([1, 2], tables),
            ParametersHash.Of(parameters, [tables[1], tables[0]]),
            ParametersHash.Of(parameters, [tables[0], tables[1] with { Values_ND = other }]),
        }.Distinct().Count());
    }

    private static RowTable[] NewTables() =>
    [
        new(new TableEntry("embedding.user", 5000, 3, null, 0.05f), 9, Settings(RowOptimizerKind.Adam) with { Admission = 2, Expiry = 200 }),
        new(new TableEntry("embedding.item", 5000, 4, null, 0.05f), 9, Settings(RowOptimizerKind.RowwiseAdagrad)),
    ];

    private static RowSettings Settings(RowOptimizerKind kind) => new(kind, 0.05, 0, false, 0.9, 0.99, 1e-8);

    private static void Train(RowTable[] tables, int first, int last)
    {
        for (var step = first; step <= last; step++)
        {
            var random = new StableRandom((ulong)step);
            var rows = RowLists.Distinct([.. Enumerable.Range(0, 20).Select(_ => random.Next(2000))]);
            foreach (var table in tables)
                table.Update(rows, [.. Enumerable.Range(0, rows.Length * table.Entry.Dim).Select(_ => (float)random.NextNormal())], step, 1);
        }
    }

    private (string Before, string After) SaveTwo()
    {
        Train(_tables, 1, First);
        var before = Save(_tables, First, null);
        Train(_tables, First + 1, First + 2);
        return (before, Save(_tables, First + 2, First));
    }

    private string Save(RowTable[] tables, int step, int? since) =>
        _store.Write(Content(step) with { Tables = [.. tables.Select(table => table.TakeChanges())], TablesSince = since });

    private static CheckpointContent Content(int step) => new(
        "name: census\n", 7, "{}", step, 1, SomeRun.Layout(), new float[9], step, new Dictionary<string, float[]>(),
        new Dictionary<string, double[]>(), 1, 1, null, [], []);

    private static string Text(IEnumerable<TableRows> tables) => JsonSerializer.Serialize(tables);

    // In place of the file, for its other names are not damaged with it.
    private static void Truncate(string file) => Replace(file, File.ReadAllBytes(file)[..100]);

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        Replace(file, bytes);
    }

    private static void Replace(string file, byte[] bytes)
    {
        File.Delete(file);
        File.WriteAllBytes(file, bytes);
    }
}
