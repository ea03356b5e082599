namespace DistMtl.Worker.Tests;

public sealed class RehearsalTests
{
    [Fact]
    public void The_job_that_a_worker_warms_up_with_can_be_read_and_trained() => Assert.True(Rehearsal.Run());
}
