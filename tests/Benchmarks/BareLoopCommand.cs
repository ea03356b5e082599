using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

namespace DistMtl.Benchmarks;

/// <summary>
/// <c>bare-loop</c>: one process of the bare loop. <c>--wait</c> holds the measured steps back until a line comes, so
/// that two processes measure at the same time.
/// </summary>
internal static class BareLoopCommand
{
    public const string Name = "bare-loop";
    public const string Sparse = "--sparse";
    public const string Wait = "--wait";
    public const string Steps = "--steps";
    public const string WarmUp = "--warmup";

    /// <summary>What a waiting process says once it is warm.</summary>
    public const string Ready = "ready";

    public static Command Create()
    {
        var sparse = new Option<bool>(Sparse) { Description = "The embedding table outside the optimiser: only touched rows are updated." };
        var wait = new Option<bool>(Wait) { Description = $"Prints '{Ready}' after the warm-up and goes on at a line of standard input." };
        var steps = new Option<int>(Steps) { Description = "Measured steps.", DefaultValueFactory = _ => ClusterCommand.DefaultSteps };
        var warmUp = new Option<int>(WarmUp) { Description = "Steps before the measurement.", DefaultValueFactory = _ => ClusterCommand.DefaultSteps };
        var command = new Command(Name, "The same model trained by TorchSharp alone; prints one JSON line.") { sparse, wait, steps, warmUp };
        command.SetAction(parse => Run(parse.GetValue(sparse), parse.GetValue(wait), parse.GetValue(steps), parse.GetValue(warmUp)));
        return command;
    }

    private static void Run(bool sparse, bool wait, int steps, int warmUp)
    {
        using var loop = new BareLoop(sparse);
        loop.Run(warmUp);
        if (wait)
        {
            Console.Out.WriteLine(Ready);
            Console.In.ReadLine();
        }
        var clock = Stopwatch.StartNew();
        var loss = loop.Run(steps);
        var seconds = clock.Elapsed.TotalSeconds;
        Console.Out.WriteLine(JsonSerializer.Serialize(new BareLoopResult(
            sparse, steps, Math.Round(seconds / steps * 1e3, 2), Math.Round(steps * ModelSize.Batch / seconds, 1), Math.Round(loss, 4)), BareLoopResult.Json));
    }
}

/// <summary>The line that the process prints.</summary>
/// <param name="Loss">Of the last step, the tasks' mean: it falls below ln 2 as the few batches are learnt by heart.</param>
internal sealed record BareLoopResult(bool Sparse, int Steps, double MillisecondsPerStep, double SamplesPerSecond, double Loss)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
}
