using DistMtl.CheckpointWriter;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>
/// The writing of the second checkpoint over the first, and the removal of the first: killed at each of its calls to the
/// operating system, and with each of them failing. Whatever happens, one of the two is there to go on from, to the bit.
/// </summary>
public sealed class StorageFaultTests
{
    private static readonly int?[] s_either = [SomeCheckpoints.FirstStep, SomeCheckpoints.SecondStep];

    [Fact]
    public void A_kill_at_any_call_leaves_one_of_two_checkpoints_whole() => ForEachCall(1, _ => true, _ => ["signal=SIGKILL"], (writer, call) =>
    {
        Assert.Equal(TracedWriter.Killed, writer.ExitCode);
        Assert.Contains(writer.Resume(), s_either);

        // As a run does that goes on from the first.
        writer.Store.RemoveLeftovers();
        Assert.False(writer.HasLeftovers, $"leftovers after a kill at {call.Text}");
        if (writer.Resume() == SomeCheckpoints.FirstStep)
            writer.Store.Write(SomeCheckpoints.Second());
        Assert.Equal(SomeCheckpoints.SecondStep, writer.Resume());
    });

    [Fact]
    public void A_call_that_fails_costs_nothing_but_another_try() =>
        ForEachCall(1, _ => true, call => LongTests.AreOn ? ["error=ENOSPC", "error=EIO", "error=EDQUOT", "error=EACCES"] : call.Ordinal % 2 == 0 ? ["error=ENOSPC"] : [], (writer, call) =>
        {
            Assert.True(writer.ExitCode == 0, $"{call.Text}\n{writer.Output}");
            Assert.Equal(SomeCheckpoints.SecondStep, writer.Resume());
            writer.Store.RemoveLeftovers();
            Assert.False(writer.HasLeftovers, $"leftovers after an error of {call.Text}");
        });

    /// <summary>The disk says that it has written what it has not: all of it, or one byte.</summary>
    [Fact]
    public void A_write_that_is_lost_in_silence_is_found_and_the_checkpoint_before_is_used() =>
        ForEachCall(2, call => call.Name.Contains("write", StringComparison.Ordinal) && call.Result > 0, call => LongTests.AreOn ? [$"retval={call.Result}", "retval=1"] : call.Ordinal % 2 == 0 ? [$"retval={call.Result}"] : [], (writer, _) =>
        {
            Assert.Equal(0, writer.ExitCode);
            Assert.Contains(writer.Resume(), s_either);
        });

    [Fact]
    public void Every_file_is_flushed_before_the_folder_gets_its_name_and_the_name_before_anything_is_removed()
    {
        Assert.SkipWhen(TracedWriter.Missing() is not null, TracedWriter.Missing() ?? "");
        using var writer = new TracedWriter();
        writer.Write();
        var calls = writer.CallsOfCheckpoint().ToList();
        var rename = calls.FindIndex(call => call.Name.StartsWith("rename", StringComparison.Ordinal));

        // Files that are new, and their folder.
        Assert.Equal(calls[..rename].Count(call => call.Text.Contains("O_CREAT", StringComparison.Ordinal)) + 1, calls[..rename].Count(call => call.Name == "fsync"));
        Assert.All(calls[..rename].Select((call, i) => (call, i)).Where(one => one.call.Name.Contains("write", StringComparison.Ordinal)), write =>
            Assert.Contains(calls[write.i..rename], call => call.Name == "fsync"));
        Assert.Matches("/checkpoints\"", calls[rename + 1].Text);
        Assert.Equal("fsync", calls[rename + 2].Name);
    }

    private static void ForEachCall(int kept, Func<SystemCall, bool> isWanted, Func<SystemCall, string[]> faults, Action<TracedWriter, SystemCall> check)
    {
        Assert.SkipWhen(TracedWriter.Missing() is not null, TracedWriter.Missing() ?? "");
        IReadOnlyList<SystemCall> calls;
        using (var undisturbed = new TracedWriter())
        {
            undisturbed.Write(kept: kept);
            Assert.Equal((0, ""), (undisturbed.ExitCode, undisturbed.Output));
            Assert.Equal(SomeCheckpoints.SecondStep, undisturbed.Resume());
            calls = [.. undisturbed.CallsOfCheckpoint().Where(isWanted)];
        }
        Assert.True(calls.Count > 20, $"{calls.Count} calls");
        var all = calls.SelectMany(call => faults(call).Select(fault => (call, fault))).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{all.Count} faults at {calls.Count} calls");
        Parallel.ForEach(all, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, one =>
        {
            // Now and then the runtime has opened a file more or less on its way, and the call is another one.
            for (var attempt = 1; ; attempt++)
            {
                using var writer = new TracedWriter();
                writer.Write(one.call, one.fault, kept);
                if (!writer.HasFault)
                {
                    Assert.True(attempt < 5, $"no fault at {one.call.Name} {one.call.Ordinal}: {one.call.Text}\n{writer.Output}");
                    continue;
                }
                check(writer, one.call);
                return;
            }
        });
    }
}
