using System.Text.Json;

namespace DistMtl.EndToEnd.Tests;

public sealed class TraceTests
{
    [Fact]
    public async Task A_trace_shows_all_processes_and_that_workers_prepare_a_step_while_they_compute_the_one_before()
    {
        using var folder = new TemporaryFolder();
        var trace = folder["trace.json"];
        var (exitCode, output, errors) = await Distmtl.RunAsync(
            "train", SmallJob.Write(folder), "--workers", "2", "--out", folder["run"], "--trace", trace,
            "--set", "training.parameterServers={count: 2, placement: workers}");
        Assert.True(exitCode == 0, output + errors);
        Assert.Empty(errors.Trim());

        using var document = JsonDocument.Parse(File.ReadAllText(trace));
        Assert.Equal(0, document.RootElement.GetProperty("otherData").GetProperty("dropped").GetInt64());
        var (names, spans) = Read(document.RootElement);
        var workers = names.Where(name => name.Value.StartsWith("worker ", StringComparison.Ordinal)).Select(name => name.Key).ToList();
        Assert.Equal(2, workers.Count);
        Assert.Equal(2, names.Values.Count(name => name.StartsWith("server ", StringComparison.Ordinal)));

        var coordinator = names.Single(name => name.Value == "coordinator").Key;
        var steps = Repository.Summary(folder["run"]).GetProperty("steps").GetInt32();
        Assert.Equal(Enumerable.Range(1, steps), spans.Where(span => span.Process == coordinator && span.Name == "step").Select(span => span.Step!.Value).Order());
        Assert.Contains(spans, span => span.Process == coordinator && span.Name == "evaluate");
        Assert.Contains(spans, span => span.Process == coordinator && span.Name == "checkpoint");
        foreach (var worker in workers)
        {
            var (own, shards) = (spans.Where(span => span.Process == worker).ToList(), Shards(spans, worker));
            var backward = own.Where(span => span.Name == "backward").ToList();
            Assert.Equal(steps * shards.Count, backward.Count);
            // Times are cut to microseconds. How much of it meets a backward pass depends on the machine; that it is while the step before is computed does not.
            foreach (var train in own.Where(span => span.Name == "train"))
            {
                Assert.Contains(own, span => span.Name == "prefetch" && span.Step == train.Step + 1 && train.Begin <= span.Begin && span.Begin <= train.End);
                Assert.All(backward.Where(span => span.Step == train.Step), span => Assert.True(train.Begin <= span.Begin && span.End <= train.End + 2));
                Assert.Contains(own, span => span.Name == "send" && span.Step == train.Step && train.Begin <= span.Begin && span.End <= train.End + 2);
            }
        }
        Assert.Equal([0, 1, 2, 3, 4], workers.SelectMany(worker => Shards(spans, worker)).Order());
    }

    [Fact]
    public async Task A_trace_that_cannot_be_written_is_refused_before_anything_is_started()
    {
        using var folder = new TemporaryFolder();
        var (exitCode, _, errors) = await Distmtl.RunAsync(
            "train", SmallJob.Write(folder), "--out", folder["run"], "--trace", Path.Combine(folder["missing"], "trace.json"));
        Assert.Equal(2, exitCode);
        Assert.Contains("--trace", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    private static HashSet<int> Shards(List<Span> spans, int worker) =>
        [.. spans.Where(span => span.Process == worker && span.Name == "backward").Select(span => span.Shard!.Value)];

    private static (Dictionary<int, string> Names, List<Span> Spans) Read(JsonElement root)
    {
        var (names, spans) = (new Dictionary<int, string>(), new List<Span>());
        foreach (var item in root.GetProperty("traceEvents").EnumerateArray())
        {
            var (name, process, args) = (item.GetProperty("name").GetString()!, item.GetProperty("pid").GetInt32(), item.GetProperty("args"));
            if (item.GetProperty("ph").GetString() == "X")
            {
                var begin = item.GetProperty("ts").GetInt64();
                spans.Add(new Span(process, name, begin, begin + item.GetProperty("dur").GetInt64(), Number(args, "step"), Number(args, "shard")));
            }
            else if (name == "process_name")
                names.Add(process, args.GetProperty("name").GetString()!);
        }
        return (names, spans);
    }

    private static int? Number(JsonElement args, string name) => args.TryGetProperty(name, out var value) ? value.GetInt32() : null;

    private sealed record Span(int Process, string Name, long Begin, long End, int? Step, int? Shard);
}
