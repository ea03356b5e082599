using DistMtl.Protocol.Faults;

namespace DistMtl.Protocol.Tests.Faults;

public sealed class FaultTests
{
    [Theory]
    [InlineData("worker-2@5/computing:kill", "worker-2", 5, FaultPhase.Computing, FaultAction.Kill, 1)]
    [InlineData("3/before:throw", null, 3, FaultPhase.Before, FaultAction.Throw, 1)]
    [InlineData("distmtl@10/checkpoint:stop", "distmtl", 10, FaultPhase.Checkpoint, FaultAction.Stop, 1)]
    [InlineData("worker-1@1/computing:slow*4.5", "worker-1", 1, FaultPhase.Computing, FaultAction.Slow, 4.5)]
    public void A_fault_is_read_as_it_is_written(string text, string? node, int step, FaultPhase phase, FaultAction action, double factor) =>
        Assert.Equal(new Fault(node, step, phase, action, factor), Fault.Parse(text));

    [Theory]
    [InlineData("5/computing")]
    [InlineData("x/computing:kill")]
    [InlineData("5/compute:kill")]
    [InlineData("5/computing:explode")]
    [InlineData("5/computing:slow")]
    [InlineData("5/computing:slow*0.5")]
    [InlineData("5/computing:kill*2")]
    [InlineData("-5/computing:kill")]
    public void What_is_no_fault_is_refused_with_what_would_be_one(string text) =>
        Assert.Contains("it must be [node@]step/phase:action", Assert.Throws<JobException>(() => Fault.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_fault_happens_on_its_node_at_its_step_and_in_its_phase_only()
    {
        var plan = FaultPlan.Parse("worker-1", "worker-1@2/sending:throw; worker-2@3/before:throw;4/sent:throw");
        plan.At(FaultPhase.Sending, 1);
        plan.At(FaultPhase.Before, 2);
        plan.At(FaultPhase.Before, 3);
        Assert.Throws<FaultException>(() => plan.At(FaultPhase.Sending, 2));
        Assert.Throws<FaultException>(() => plan.At(FaultPhase.Sent, 4));
        // Once.
        plan.At(FaultPhase.Sent, 4);
    }

    [Fact]
    public void A_slow_node_is_slow_from_its_step_on()
    {
        var plan = FaultPlan.Parse("a", "a@2/computing:slow*3");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        plan.Prolong(FaultPhase.Computing, 1, TimeSpan.FromHours(1));
        plan.Prolong(FaultPhase.Sending, 5, TimeSpan.FromHours(1));
        plan.Prolong(FaultPhase.Computing, 5, TimeSpan.FromMilliseconds(50));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.1, 60);
    }
}
