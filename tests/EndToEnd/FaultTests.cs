namespace DistMtl.EndToEnd.Tests;

/// <summary>Workers that die in each phase of a step, alone and in pairs, and ones that fail: the run ends in the bits and the ledger of one in which nobody did.</summary>
public sealed class FaultTests(ReferenceRuns references)
{
    private const int Workers = 4;

    /// <summary>Of two workers that are killed, the later one dies so many steps after the first, or in the same.</summary>
    private static readonly string[] s_phases = ["before", "computing", "sending", "committed"];

    public static TheoryData<string> SomeFaults() =>
    [
        "worker-3@3/committed:kill", "worker-0@3/before:kill;worker-2@3/sending:kill", "worker-1@3/computing:kill;worker-3@4/before:kill",
    ];

    /// <summary>Any of four workers, all pairs of two, in each phase.</summary>
    public static TheoryData<string> AllFaults()
    {
        var all = new TheoryData<string>();
        foreach (var phase in s_phases)
        {
            for (var first = 0; first < Workers; first++)
            {
                all.Add($"worker-{first}@3/{phase}:kill");
                for (var second = first + 1; second < Workers; second++)
                {
                    foreach (var other in s_phases)
                        all.Add($"worker-{first}@3/{phase}:kill;worker-{second}@{(phase == other ? 3 : 4)}/{other}:kill");
                }
            }
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(SomeFaults))]
    public Task Workers_that_are_killed_in_some_phase_of_a_step_leave_no_trace(string faults) => LeavesNoTrace(faults);

    [Theory]
    [MemberData(nameof(AllFaults))]
    public async Task Workers_that_are_killed_in_any_phase_of_a_step_leave_no_trace(string faults)
    {
        LongTests.SkipUnlessWanted();
        await LeavesNoTrace(faults);
    }

    [Fact]
    public async Task A_worker_that_fails_where_no_job_is_to_blame_is_done_without_and_its_reason_is_told()
    {
        var output = await LeavesNoTrace("worker-1@3/computing:throw");
        Assert.Contains("failed: FaultException: the fault ordered for step 3, Computing; going on behind step 2 with 3 workers", output, StringComparison.Ordinal);
    }

    private async Task<string> LeavesNoTrace(string faults)
    {
        using var folder = new TemporaryFolder();
        var job = SmallJob.Write(folder);
        var reference = await references.RunAsync("equal", epochs: 2);
        await using var distmtl = Distmtl.StartWith(
            new() { ["DISTMTL_FAULTS"] = faults }, "train", job, "--workers", $"{Workers}", "--json", "--out", folder["run"]);
        Assert.True(await distmtl.WaitAsync() == 0, distmtl.Output + distmtl.Errors);

        Assert.Contains("going on behind step", distmtl.Output, StringComparison.Ordinal);
        Assert.Equal(Repository.Hash(reference), Repository.Hash(folder["run"]));
        Assert.Equal(File.ReadAllText(Path.Combine(reference, "ledger.csv")), File.ReadAllText(Path.Combine(folder["run"], "ledger.csv")));
        return distmtl.Output;
    }
}
