using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks.Planes;

/// <summary><c>plane</c>: the tensor plane's speed beside a bare socket's, and Akka's pings while it is busy.</summary>
internal static class PlaneCommand
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "How often each is measured, in turn.", DefaultValueFactory = _ => PlaneBenchmark.DefaultRounds };
        rounds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--rounds must be at least 1");
        });
        var json = new Option<bool>("--json") { Description = "A list of {what, value, bar, met} on standard output instead of text." };
        var command = new Command("plane", "Speed of the tensor plane as a ratio to a bare socket's, and Akka's pings beside it.") { rounds, json };
        command.SetAction(async (parse, cancellation) =>
        {
            var results = await PlaneBenchmark.RunAsync(parse.GetValue(rounds), Console.Error.WriteLine, cancellation);
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(results, s_json));
            else
                WriteText(results);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static void WriteText(IReadOnlyList<PlaneResult> results)
    {
        foreach (var result in results)
            Console.WriteLine(FormattableString.Invariant($"{result.Value,8:F2}  {(result.Met ? "meets" : "MISSES")} {result.Bar:F2}  {result.What}"));
    }
}
