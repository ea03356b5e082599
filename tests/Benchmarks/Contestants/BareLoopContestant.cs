using System.Globalization;
using System.Text.Json;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks.Contestants;

/// <summary>Processes of the bare loop that measure at the same time; their rates are added.</summary>
internal sealed class BareLoopContestant(string name, int processes, bool sparse) : IContestant
{
    public string Name => name;

    public async Task<double?> RunAsync(int warmUpSteps, int steps, CancellationToken cancellation)
    {
        string[] arguments =
        [
            BareLoopCommand.Name, BareLoopCommand.Wait,
            BareLoopCommand.Steps, steps.ToString(CultureInfo.InvariantCulture),
            BareLoopCommand.WarmUp, warmUpSteps.ToString(CultureInfo.InvariantCulture),
            .. sparse ? (ReadOnlySpan<string>)[BareLoopCommand.Sparse] : [],
        ];
        var loops = new List<ChildProcess>();
        try
        {
            for (var i = 0; i < processes; i++)
                loops.Add(ChildProcess.Start(Environment.ProcessPath!, arguments, cancellation));
            foreach (var loop in loops)
            {
                if (await loop.ReadLineAsync() is not BareLoopCommand.Ready and var line)
                    throw new JobException($"{name}: '{line}' where '{BareLoopCommand.Ready}' was expected", ExitCode.Failure);
            }
            foreach (var loop in loops)
                loop.WriteLine("go");
            var outputs = await Task.WhenAll(loops.Select(loop => loop.FinishAsync()));
            return outputs.Sum(output => JsonSerializer.Deserialize<BareLoopResult>(output[^1], BareLoopResult.Json)!.SamplesPerSecond);
        }
        finally
        {
            foreach (var loop in loops)
                await loop.DisposeAsync();
        }
    }
}
