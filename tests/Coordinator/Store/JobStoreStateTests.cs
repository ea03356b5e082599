using DistMtl.Coordinator.Store;
using DistMtl.Protocol.Messages;

namespace DistMtl.Coordinator.Tests.Store;

public sealed class JobStoreStateTests
{
    [Fact]
    public void Terms_that_saw_no_checkpoint_are_counted_for_the_run_that_they_began_with()
    {
        var state = After(Submitted("a"), Submitted("b"), Term(1), Term(2), new CheckpointCommitted("a", 5, 2), Term(3));
        Assert.Equal([1, 0], state.Runs.Select(run => run.Fruitless));
        state = After(state, new RunFinished("a", 0, null, 3), Term(4), Term(5));
        Assert.Equal([1, 2], state.Runs.Select(run => run.Fruitless));
        Assert.Equal(6, After(state, new RunFinished("b", 0, null, 5), Term(6)).Term);
    }

    private static TermBegan Term(long number) => new(number, "a:1");

    private static RunSubmitted Submitted(string run) => new(run, "job.yaml", "name: x", [], null);

    private static JobStoreState After(params object[] events) => After(JobStoreState.Empty, events);

    private static JobStoreState After(JobStoreState state, params object[] events) => events.Aggregate(state, (before, e) => before.With(e));
}
