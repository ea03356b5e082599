using System.CommandLine;
using DistMtl.Benchmarks.Contestants;
using DistMtl.Benchmarks.Reporting;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks;

/// <summary>
/// <c>cluster</c>: samples per second of <c>train</c> beside a bare loop, two of them, and PyTorch's DDP. What counts
/// are the ratios of one round, for the machine's speed changes from minute to minute.
/// </summary>
internal static class ClusterCommand
{
    public const int DefaultSteps = 40;
    public const int WarmUpSteps = 20;

    private const int DefaultRounds = 3;

    public static Command Create()
    {
        var rounds = Count("--rounds", "How often each is measured, in turn.", DefaultRounds);
        var steps = Count("--steps", $"Measured steps of each, after {WarmUpSteps} others.", DefaultSteps);
        var json = new Option<bool>("--json") { Description = "A list of {what, value, bar, met} on standard output instead of tables." };
        var command = new Command("cluster", "Samples per second of train, as ratios to a bare TorchSharp loop and to PyTorch's DDP.") { rounds, steps, json };
        command.SetAction((parse, cancellation) => RunAsync(parse.GetValue(rounds), parse.GetValue(steps), parse.GetValue(json), cancellation));
        return command;
    }

    private static Option<int> Count(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError($"{name} must be at least 1");
        });
        return option;
    }

    private static async Task<int> RunAsync(int rounds, int steps, bool json, CancellationToken cancellation)
    {
        try
        {
            var results = await MeasureAsync(rounds, steps, cancellation);
            if (json)
                ResultJson.Write(Console.Out, results);
            else
                ResultTables.Write(results);
            return (int)ExitCode.Success;
        }
        catch (JobException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return (int)e.ExitCode;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("interrupted: there is no result");
            return (int)ExitCode.Interrupted;
        }
    }

    private static async Task<Results> MeasureAsync(int rounds, int steps, CancellationToken cancellation)
    {
        if (BuildFacts.Configuration != "Release")
            await Console.Error.WriteLineAsync($"warning: this is a {BuildFacts.Configuration} build; measure with -c Release");
        var peer = await PeerScript.FindAsync(cancellation);
        if (peer.Missing is { } missing)
            await Console.Error.WriteLineAsync($"PyTorch's rows are not available: {missing}");
        using var job = BenchmarkJob.Write();
        var results = new Results(peer.Missing);
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contestant in ContestantTable.Create(job, peer))
            {
                var speed = await contestant.RunAsync(WarmUpSteps, steps, cancellation);
                results.Add(contestant.Name, speed);
                if (speed is { } samples)
                    await Console.Error.WriteLineAsync(FormattableString.Invariant($"round {round} of {rounds}: {contestant.Name}: {samples:N0} samples/s"));
            }
        }
        return results;
    }
}
