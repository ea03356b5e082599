using System.Diagnostics;
using System.Security.Cryptography;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol;

namespace DistMtl.Coordinator.Tests.Runs;

public sealed class CheckpointTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly RunDirectory _run;
    private readonly CheckpointStore _store;

    public CheckpointTests()
    {
        _run = RunDirectory.Create("census", _scratch.PathOf("run"), TimeProvider.System);
        _store = new CheckpointStore(_run);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_is_written_is_read_back_to_the_bit()
    {
        var written = Content(7);

        var read = Checkpoint.Read(_store.Write(written));

        Assert.Equal(written.Parameters_P, read.Parameters_P);
        Assert.Equal(written.OptimizerState, read.OptimizerState);
        Assert.Equal(written.WeightingState, read.WeightingState);
        Assert.Equal(written.Layout.Entries.AsEnumerable().Select(e => (e.Name, e.Offset, e.Task, e.Initializer, e.InitialScale)),
            read.Layout.Entries.AsEnumerable().Select(e => (e.Name, e.Offset, e.Task, e.Initializer, e.InitialScale)));
        Assert.Equal(written.Layout.Entries.AsEnumerable().Select(e => e.Shape.AsEnumerable()), read.Layout.Entries.AsEnumerable().Select(e => e.Shape.AsEnumerable()));
        Assert.Equal(written.Ledger, read.Ledger);
        Assert.Equal(written.EarlyStopping, read.EarlyStopping);
        Assert.Equal(
            (written.JobYaml, written.Seed, written.SchemaJson, written.Step, written.Epoch, written.OptimizerSteps, written.RowsTrained, written.SecondsTrained),
            (read.JobYaml, read.Seed, read.SchemaJson, read.Step, read.Epoch, read.OptimizerSteps, read.RowsTrained, read.SecondsTrained));
        Assert.Equal(written.Validation[0].Values, read.Validation[0].Values);
        Assert.Equal(written.Validation[0].Constant, read.Validation[0].Constant);
        Assert.Equivalent(written.Validation[1], read.Validation[1], strict: true);
    }

    [Fact]
    public void One_without_optimiser_state_or_metrics_is_read_back()
    {
        var written = Content(1) with
        {
            OptimizerState = new Dictionary<string, float[]>(),
            WeightingState = new Dictionary<string, double[]>(),
            EarlyStopping = null,
            Validation = [],
        };

        var read = Checkpoint.Read(_store.Write(written));

        Assert.Empty(read.OptimizerState);
        Assert.Null(read.EarlyStopping);
    }

    [Fact]
    public void What_a_weighting_keeps_of_the_gradients_lies_beside_the_optimisers_state()
    {
        var shared = SomeRun.Layout().SharedLength;
        float[] averages_TS = [.. Enumerable.Range(0, 2 * shared).Select(k => k / 3f)];
        var directory = _store.Write(Content(7) with { WeightingRows_TS = new Dictionary<string, float[]> { ["averages"] = averages_TS } });

        Assert.Equal(averages_TS, Checkpoint.Read(directory).WeightingRows_TS["averages"]);
        Assert.Equal([2, shared], Safetensors.Read(Path.Combine(directory, "optimizer.safetensors")).Tensors["weighting/averages"].Shape);
        Assert.Empty(Checkpoint.Read(_store.Write(Content(8))).WeightingRows_TS);
    }

    [Fact]
    public void What_data_shards_keep_is_read_back_to_the_bit()
    {
        var states = new Dictionary<string, float[]> { ["shard-0/residual"] = [1, float.NaN, -0f], ["shard-12/residual"] = [], ["shard-12/exp_avg"] = [0.1f] };
        var read = Checkpoint.Read(_store.Write(Content(7) with { ShardStates = states })).ShardStates;

        Assert.Equal(states.Keys.Order(), read.Keys.Order());
        Assert.All(states, state => Assert.Equal(state.Value.Select(BitConverter.SingleToInt32Bits), read[state.Key].Select(BitConverter.SingleToInt32Bits)));
        Assert.Empty(Checkpoint.Read(_store.Write(Content(8))).ShardStates);
    }

    [Fact]
    public void The_optimiser_file_names_state_and_parameter()
    {
        var directory = _store.Write(Content(7));

        var tensors = Safetensors.Read(Path.Combine(directory, "optimizer.safetensors")).Tensors;

        Assert.Equal([3, 2], tensors["exp_avg/embedding.user_id"].Shape);
        Assert.Equal(6, tensors.Count);
    }

    [Fact]
    public void The_checksums_are_those_of_sha256sum()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var start = new ProcessStartInfo("sha256sum", "-c --strict SHA256SUMS")
        {
            WorkingDirectory = _store.Write(Content(7)),
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Equal(4, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("job.json")]
    [InlineData("schema.json")]
    [InlineData("SHA256SUMS")]
    public void A_damaged_checkpoint_is_named_and_skipped_for_the_one_before(string file)
    {
        foreach (var damage in new Action<string>[] { Truncate, FlipLastByte, Empty, File.Delete })
        {
            var before = _store.Write(Content(5));
            var damaged = _store.Write(Content(7));
            damage(Path.Combine(damaged, file));

            var error = Assert.Throws<JobException>(() => Checkpoint.Read(damaged));
            Assert.Contains(damaged, error.Message, StringComparison.Ordinal);
            Assert.Contains(file == "SHA256SUMS" ? "SHA256SUMS" : file, error.Message + " SHA256SUMS", StringComparison.Ordinal);
            List<string> warnings = [];
            Assert.Equal(before, _store.FindLatest(warnings.Add));
            Assert.Contains(damaged, Assert.Single(warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_whole_file_of_another_checkpoint_is_damage_too()
    {
        var first = _store.Write(Content(5));
        var second = _store.Write(Content(7) with { Parameters_P = new float[9] });
        File.Copy(Path.Combine(first, "model.safetensors"), Path.Combine(second, "model.safetensors"), overwrite: true);

        Assert.Contains("model.safetensors", Assert.Throws<JobException>(() => Checkpoint.Read(second)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_written_again_replaces_the_first()
    {
        _store.Write(Content(5));
        var directory = _store.Write(Content(5) with { Parameters_P = new float[9] });

        Assert.All(Checkpoint.Read(directory).Parameters_P, value => Assert.Equal(0, value));
        Assert.Equal([directory], Directory.GetDirectories(_run.CheckpointsPath));
    }

    [Fact]
    public void The_newest_is_found_by_number_and_leftovers_are_no_checkpoints()
    {
        Assert.Null(_store.FindLatest(Assert.Fail));
        _store.Write(Content(9));
        var newest = _store.Write(Content(10));
        Directory.CreateDirectory(_store.PathOf(11) + ".tmp-4711");

        Assert.Equal(newest, _store.FindLatest(Assert.Fail));
    }

    [Fact]
    public void Leftovers_of_a_killed_run_are_removed_and_nothing_else()
    {
        var kept = _store.Write(Content(9));
        Directory.CreateDirectory(_store.PathOf(11) + ".tmp-4711");
        File.WriteAllText(Path.Combine(_store.PathOf(11) + ".tmp-4711", "job.json"), "{");

        _store.RemoveLeftovers();

        Assert.Equal([kept], Directory.GetDirectories(_run.CheckpointsPath));
    }

    [Theory]
    [InlineData(2, null, new[] { 30, 40 })]
    [InlineData(2, 10, new[] { 10, 30, 40 })]
    [InlineData(2, 40, new[] { 30, 40 })]
    [InlineData(1, null, new[] { 40 })]
    [InlineData(1, 20, new[] { 20, 40 })]
    [InlineData(9, 20, new[] { 10, 20, 30, 40 })]
    public void Pruning_keeps_so_many_of_the_newest_and_the_best(int kept, int? best, int[] expected)
    {
        foreach (var step in new[] { 10, 20, 30, 40 })
            _store.Write(Content(step));

        _store.Prune(kept, best);

        Assert.Equal(
            expected.Select(_store.PathOf).Order(StringComparer.Ordinal),
            Directory.GetDirectories(_run.CheckpointsPath).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Numbers_that_do_not_fit_the_layout_are_refused_and_leave_no_checkpoint()
    {
        Assert.Throws<ArgumentException>(() => _store.Write(Content(5) with { Parameters_P = new float[8] }));

        Assert.Null(_store.FindLatest(Assert.Fail));
    }

    [Fact]
    public void A_format_of_a_later_version_is_refused_by_its_number()
    {
        var directory = _store.Write(Content(5));
        var job = Path.Combine(directory, "job.json");
        var sum = Sum(job);
        File.WriteAllText(job, File.ReadAllText(job).Replace("\"format\": 1", "\"format\": 99", StringComparison.Ordinal));
        var sums = Path.Combine(directory, Checksums.FileName);
        File.WriteAllText(sums, File.ReadAllText(sums).Replace(sum, Sum(job), StringComparison.Ordinal));

        Assert.Contains("format 99", Assert.Throws<JobException>(() => Checkpoint.Read(directory)).Message, StringComparison.Ordinal);
    }

    private static CheckpointContent Content(int step) => new(
        "name: census\nseed: 7\n# \"Never married\" \\ é\n",
        18_446_744_073_709_551_615,
        """{"features": []}""",
        step,
        2,
        SomeRun.Layout(),
        [0.1f, -2f, float.Epsilon, float.MaxValue, -0f, 3e-39f, 7, 8, 9],
        step,
        new Dictionary<string, float[]> { ["exp_avg"] = [1, 2, 3, 4, 5, 6, 7, 8, 9], ["exp_avg_sq"] = new float[9] },
        new Dictionary<string, double[]> { ["logVariances"] = [0.1, -1.0 / 3], ["previous"] = [double.NaN, double.PositiveInfinity], ["none"] = [] },
        12_345_678_901,
        83.123456789,
        new EarlyStoppingState(0.78, 3, 1),
        Ledger.Create([5, 7]).Add(1, 0, 5).Add(1, 1, 7).ToRows(),
        [SomeRun.Binary("click", null), SomeRun.Detailed("purchase")]);

    private static string Sum(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private static void Truncate(string file)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(stream.Length / 2);
    }

    private static void Empty(string file) => File.WriteAllText(file, "");

    private static void FlipLastByte(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
