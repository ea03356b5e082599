using DistMtl.CheckpointWriter;
using DistMtl.Coordinator.Runs;
using DistMtl.Protocol.Runs;
using DistMtl.Tests;

namespace DistMtl.Coordinator.Tests.Runs;

/// <summary>A disk that fills up while something is written to it: the last write that fits is a short one.</summary>
public sealed class FullDiskTests
{
    private const int Page = 4096;

    [Fact]
    public void Wherever_the_space_ends_the_checkpoint_before_is_whole_and_the_next_is_written_once_there_is_room()
    {
        using var disk = SmallDisk.Mount(64 * Page);
        var store = new CheckpointStore(RunDirectory.Create("census", Path.Combine(disk.Root, "run"), TimeProvider.System));
        var first = store.Write(SomeCheckpoints.First());
        var before = Directory.GetFileSystemEntries(disk.Root, "*", SearchOption.AllDirectories);
        var failures = 0;
        while (true)
        {
            disk.Fill(left: failures * Page);
            try
            {
                store.Write(SomeCheckpoints.Second());
                break;
            }
            catch (StorageException e)
            {
                Assert.Contains(store.PathOf(SomeCheckpoints.SecondStep), e.Message, StringComparison.Ordinal);
                Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
                failures++;
            }
            disk.Free();
            Assert.Equal(before, Directory.GetFileSystemEntries(disk.Root, "*", SearchOption.AllDirectories));
            Assert.Equal(SomeCheckpoints.TextOf(SomeCheckpoints.FirstStep), SomeCheckpoints.TextOf(Checkpoint.Read(first)));
        }
        Assert.InRange(failures, 4, 60);
        Assert.Equal(SomeCheckpoints.TextOf(SomeCheckpoints.SecondStep), SomeCheckpoints.TextOf(Checkpoint.Read(store.FindLatest(Assert.Fail)!)));
    }

    [Fact]
    public void Metrics_that_have_no_room_are_written_with_those_that_follow_and_no_line_is_cut()
    {
        using var disk = SmallDisk.Mount(16 * Page);
        var path = Path.Combine(disk.Root, "metrics.jsonl");
        using var log = MetricsLog.Create(path);
        log.On(SomeRun.Started());
        disk.Fill(left: Page);
        foreach (var step in Enumerable.Range(1, 200))
            log.On(SomeRun.Step(step, step));
        var error = Assert.Throws<StorageException>(log.Complete);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.InRange(File.ReadAllLines(path).Length, 2, 50);

        disk.Free();
        log.On(SomeRun.Step(201, 201));
        log.Complete();

        Assert.Equal(Enumerable.Range(1, 201), Steps(path));
    }

    [Fact]
    public void Lines_that_wait_for_room_are_rewound_too()
    {
        using var disk = SmallDisk.Mount(16 * Page);
        var path = Path.Combine(disk.Root, "metrics.jsonl");
        using var log = MetricsLog.Create(path);
        log.On(SomeRun.Started());
        disk.Fill(left: Page);
        foreach (var step in Enumerable.Range(1, 100))
            log.On(SomeRun.Step(step, step));

        disk.Free();
        log.On(new RunRewound(101, 90));
        log.On(SomeRun.Step(91, 102));
        log.Complete();

        Assert.Equal(Enumerable.Range(1, 91), Steps(path));
    }

    [Fact]
    public void A_file_that_has_no_room_keeps_what_it_was()
    {
        using var disk = SmallDisk.Mount(16 * Page);
        var path = Path.Combine(disk.Root, "summary.json");
        AtomicFile.WriteText(path, "before");
        disk.Fill(left: Page);

        var error = Assert.Throws<StorageException>(() => AtomicFile.WriteText(path, new string('x', 3 * Page)));

        Assert.StartsWith($"cannot write '{path}': No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(path));
        disk.Free();
        Assert.Equal([path], Directory.GetFiles(disk.Root));
    }

    private static IEnumerable<int> Steps(string path) =>
        File.ReadAllLines(path).Select(line => JsonText.TryRead(line, root => root.GetProperty("step").GetInt32(), out var step) ? step : 0);
}
