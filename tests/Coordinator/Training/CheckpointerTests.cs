using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Runs;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Coordinator.Training;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Runs;

namespace DistMtl.Coordinator.Tests.Training;

/// <summary>Where the folder of checkpoints should be there is a file, so that none can be written until it is taken away.</summary>
public sealed class CheckpointerTests : IRunObserver, IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly RushingClock _clock = new();
    private readonly List<RunEvent> _events = [];
    private readonly RunDirectory _run;
    private readonly CheckpointStore _store;
    private readonly Checkpointer _checkpointer;
    private readonly TrainingProgress _progress;

    public CheckpointerTests()
    {
        _run = RunDirectory.Create("shop", _scratch.PathOf("run"), TimeProvider.System);
        _store = new CheckpointStore(_run);
        File.WriteAllText(_scratch.PathOf("job.yaml"), """
            name: shop
            data: {train: train.csv, shards: 1}
            features: [{name: age, kind: numeric}]
            tasks: [{name: click, kind: binary, label: clicked}]
            training: {batchSize: 8, checkpointsKept: 1}

            """);
        File.WriteAllLines(_scratch.PathOf("train.csv"), Enumerable.Range(0, 16).Select(row => $"{row},{row % 2}").Prepend("age,clicked"));
        var job = JobLoading.Load(_scratch.PathOf("job.yaml"), []);
        var scan = SchemaFitter.Fit(job, CancellationToken.None);
        var blueprint = ModelBlueprint.Create(job.Model, scan.Schema.ToModelInputs(job.Embeddings));
        var server = ServerState.Create(job, blueprint, InitialParameters.Draw(blueprint.Layout, job.Seed));
        var weighting = WeightingTable.Create(new WeightingContext(job.Tasks, job.Weighting, job.Optimizer, job.Seed));
        _progress = new TrainingProgress(scan, blueprint, weighting, 2, 2, 2, new TrainingState(
            5, server.Parameters_P, server.Optimizer, weighting.Start(), null, Ledger.Create([16]), 0, 0));
        _checkpointer = new Checkpointer(job, _store, this, new RunClock(_clock), SoleCommitter.Instance);
    }

    public void Dispose() => _scratch.Dispose();

    void IRunObserver.On(RunEvent e) => _events.Add(e);

    [Fact]
    public async Task One_that_cannot_be_written_is_told_of_and_the_next_is_written()
    {
        Block();
        await _checkpointer.SaveFetchedAsync(_progress, isNeeded: false);

        var notice = Assert.IsType<Notice>(Assert.Single(_events));
        Assert.StartsWith($"cannot write checkpoint '{_store.PathOf(5)}': ", notice.Text, StringComparison.Ordinal);
        Assert.EndsWith("; the run goes on, and the next checkpoint that is due tries again", notice.Text, StringComparison.Ordinal);
        Assert.Null(_progress.SavedStep);

        Unblock();
        _progress.State = _progress.State with { Step = 6 };
        await _checkpointer.SaveFetchedAsync(_progress, isNeeded: false);

        Assert.Equal(6, _progress.SavedStep);
        Assert.Equal(_store.PathOf(6), Assert.IsType<CheckpointWritten>(_events[^1]).Directory);
        Assert.Equal(_progress.State.Parameters_P, Checkpoint.Read(_store.PathOf(6)).Parameters_P);
    }

    [Fact]
    public async Task One_that_is_needed_is_tried_again_until_there_is_room()
    {
        Block();
        _clock.At(TimeSpan.FromSeconds(12), Unblock);
        await _checkpointer.SaveFetchedAsync(_progress, isNeeded: true);

        Assert.Equal(5, _progress.SavedStep);
        Assert.Equal([typeof(Notice), typeof(Notice), typeof(Notice), typeof(CheckpointWritten)], _events.Select(e => e.GetType()));
    }

    [Fact]
    public async Task One_that_is_needed_and_finds_no_room_ends_the_run_after_a_while()
    {
        Block();
        var error = await Assert.ThrowsAsync<StorageException>(() => _checkpointer.SaveFetchedAsync(_progress, isNeeded: true));

        Assert.Equal(ExitCode.StorageFailed, error.ExitCode);
        Assert.Contains(_store.PathOf(5), error.Message, StringComparison.Ordinal);
        Assert.Equal(Checkpointer.Patience, _clock.Elapsed);
        Assert.All(_events, e => Assert.EndsWith("it is tried for 30 s in all", Assert.IsType<Notice>(e).Text, StringComparison.Ordinal));
        Assert.Null(_progress.SavedStep);
    }

    [Fact]
    public async Task As_many_are_kept_as_the_job_says()
    {
        foreach (var step in new[] { 5, 6, 7 })
        {
            _progress.State = _progress.State with { Step = step };
            await _checkpointer.SaveFetchedAsync(_progress, isNeeded: false);
        }

        Assert.Equal([_store.PathOf(7)], Directory.GetDirectories(_run.CheckpointsPath));
    }

    private void Block() => File.WriteAllText(_run.CheckpointsPath, "");

    private void Unblock() => File.Delete(_run.CheckpointsPath);

    /// <summary>Whoever waits need not: the time has come at once.</summary>
    private sealed class RushingClock : TimeProvider
    {
        private readonly List<(TimeSpan At, Action What)> _due = [];

        public TimeSpan Elapsed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        /// <summary>Lets something happen on the way.</summary>
        public void At(TimeSpan at, Action what) => _due.Add((at, what));

        public override long GetTimestamp() => Elapsed.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var before = Elapsed;
            Elapsed += dueTime;
            foreach (var (_, what) in _due.Where(due => due.At > before && due.At <= Elapsed))
                what();
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
