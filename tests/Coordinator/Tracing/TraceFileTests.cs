using System.Text.Json;
using DistMtl.Coordinator.Tracing;
using DistMtl.Protocol;
using DistMtl.Protocol.Tracing;

namespace DistMtl.Coordinator.Tests.Tracing;

public sealed class TraceFileTests
{
    [Fact]
    public void Events_of_all_processes_are_in_the_order_of_their_beginnings_from_the_first_on()
    {
        var events = Events(Written(
            new ProcessTrace("coordinator", [Event("c", 1_300, 5), Event("a", 1_000, 900)], 0),
            new ProcessTrace("worker w", [Event("b", 1_200, 50)], 0)));

        Assert.Equal([("a", 0L), ("b", 200L), ("c", 300L)], events.Select(item => (item.GetProperty("name").GetString()!, item.GetProperty("ts").GetInt64())));
        Assert.Equal([900L, 50L, 5L], events.Select(item => item.GetProperty("dur").GetInt64()));
    }

    [Fact]
    public void Names_that_need_escaping_come_back_as_they_were()
    {
        const string Name = "a \"quoted\" \\ name\n<ü>\0";
        var root = Written(new ProcessTrace(Name, [Event(Name, 0, 1) with { Lane = Name }], 0));

        Assert.Equal(Name, Assert.Single(Events(root)).GetProperty("name").GetString());
        Assert.Equal([Name, Name], Of(root, "M").Select(item => item.GetProperty("args").GetProperty("name").GetString()));
    }

    [Fact]
    public void Each_process_and_each_server_has_a_number_and_a_name()
    {
        var root = Written(new ProcessTrace("worker w", [Event("backward", 0, 1), Event("report", 2, 1) with { Server = 3 }], 0), new ProcessTrace("coordinator", [Event("step", 0, 9)], 0));

        var names = Of(root, "M").Where(item => item.GetProperty("name").GetString() == "process_name")
            .ToDictionary(item => item.GetProperty("pid").GetInt32(), item => item.GetProperty("args").GetProperty("name").GetString());
        Assert.Equal(
            [("backward", "worker w"), ("report", "server 3 on worker w"), ("step", "coordinator")],
            Events(root).Select(item => (item.GetProperty("name").GetString()!, names[item.GetProperty("pid").GetInt32()]!)).Order());
    }

    [Fact]
    public void Events_of_one_lane_that_overlap_are_in_rows_of_their_own()
    {
        var root = Written(new ProcessTrace("worker w", [Event("first", 0, 10), Event("second", 5, 10), Event("third", 10, 10)], 0));
        var rows = Of(root, "M").Where(item => item.GetProperty("name").GetString() == "thread_name")
            .ToDictionary(item => item.GetProperty("tid").GetInt32(), item => item.GetProperty("args").GetProperty("name").GetString());

        Assert.Equal(
            [("first", "torch"), ("second", "torch 2"), ("third", "torch")],
            Events(root).Select(item => (item.GetProperty("name").GetString()!, rows[item.GetProperty("tid").GetInt32()]!)));
    }

    [Fact]
    public void Step_and_shard_are_there_where_an_event_has_them()
    {
        var events = Events(Written(new ProcessTrace("worker w", [Event("backward", 0, 1) with { Step = 4, Shard = 2 }, Event("load", 1, 1)], 0)));

        Assert.Equal("""{"step":4,"shard":2}""", events[0].GetProperty("args").GetRawText());
        Assert.Equal("{}", events[1].GetProperty("args").GetRawText());
    }

    [Fact]
    public void What_was_dropped_and_who_is_missing_is_said()
    {
        using var stream = new MemoryStream();
        TraceFile.Write(stream, [new ProcessTrace("a", [], 3), new ProcessTrace("b", [], 4)], ["w1", "w2"]);
        using var document = JsonDocument.Parse(stream.ToArray());
        var other = document.RootElement.GetProperty("otherData");

        Assert.Equal(7, other.GetProperty("dropped").GetInt64());
        Assert.Equal("w1, w2", other.GetProperty("missing").GetString());
        Assert.Equal(0, document.RootElement.GetProperty("traceEvents").GetArrayLength());
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_refused_and_one_that_can_is_left_as_it_is()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var error = Assert.Throws<JobException>(() => TraceFile.Check(Path.Combine(folder.FullName, "missing", "trace.json")));
            Assert.Equal(ExitCode.BadInput, error.ExitCode);
            Assert.Throws<JobException>(() => TraceFile.Check(folder.FullName));
            var file = Path.Combine(folder.FullName, "trace.json");
            TraceFile.Check(file);
            Assert.False(File.Exists(file));
            File.WriteAllText(file, "old");
            TraceFile.Check(file);
            Assert.Equal("old", File.ReadAllText(file));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static TraceEvent Event(string name, long start, long duration) => new(name, "torch", start, duration, null, null, null);

    private static JsonElement Written(params ProcessTrace[] processes)
    {
        using var stream = new MemoryStream();
        TraceFile.Write(stream, processes, []);
        using var document = JsonDocument.Parse(stream.ToArray());
        return document.RootElement.Clone();
    }

    private static List<JsonElement> Events(JsonElement root) => Of(root, "X");

    private static List<JsonElement> Of(JsonElement root, string phase) =>
        [.. root.GetProperty("traceEvents").EnumerateArray().Where(item => item.GetProperty("ph").GetString() == phase)];
}
