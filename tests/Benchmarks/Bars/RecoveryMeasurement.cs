using System.Globalization;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// How long a run of four workers on this machine stands still when one of them is killed, or stopped: from the last step before to the
/// next one, by the run's own clock. Steps take milliseconds. It is another worker each time: one of them keeps the placement, too.
/// </summary>
internal sealed class RecoveryMeasurement(SmallJob job) : IMeasurement
{
    private const int FirstStep = 300;
    private const int Workers = 4;

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    private static readonly Bar s_killed = new("kill -9 of one of 4 workers, seconds to the next step, the worst", BarSide.AtMost, 2);

    private static readonly Bar s_stopped = new("SIGSTOP of one of 4 workers, seconds to the next step, the worst", BarSide.AtMost, 10);

    private int _runs;

    public IReadOnlyList<Bar> Bars { get; } = [s_killed, s_stopped];

    public bool IsLong => true;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        var values = new Dictionary<Bar, double?>();
        if (!OperatingSystem.IsLinux())
        {
            conditions.Log("recovery is not measured: there is no /proc");
            return values;
        }
        foreach (var bar in wanted)
        {
            var rounds = new List<double>();
            for (var round = 1; round <= 2 * conditions.Rounds; round++)
            {
                rounds.Add(await MeasureAsync(bar == s_killed ? "-KILL" : "-STOP", conditions.Cancellation));
                conditions.Log(FormattableString.Invariant($"{bar.What}: {rounds[^1]:F2}"));
            }
            values[bar] = rounds.Max();
        }
        return values;
    }

    private async Task<double> MeasureAsync(string signal, CancellationToken cancellation)
    {
        string[] arguments = ["train", job.Path, "--json", "--out", string.Create(CultureInfo.InvariantCulture, $"{job.RunFolder}-{++_runs}"), "--workers", $"{Workers}", "--set", "data.shards=8", "--set", "training.batchSize=512"];
        await using var child = ChildProcess.Start(BuildFacts.CoordinatorPath, arguments, cancellation, s_deadline);
        double? lastStep = null;
        for (var (hasHit, isLost) = (false, false); ;)
        {
            if (RunLine.Parse(await child.ReadLineAsync()) is not { } line)
                continue;
            isLost |= hasHit && line.Kind == "notice";
            if (line.Kind != "step")
                continue;
            if (isLost)
                return line.Seconds - lastStep!.Value;
            lastStep = line.Seconds;
            if (line.Step < FirstStep || hasHit)
                continue;
            await ChildProcess.RunAsync("kill", [signal, LinuxProcess.ChildrenOf(child.Id)[_runs % Workers].ToString(CultureInfo.InvariantCulture)], cancellation);
            hasHit = true;
        }
    }
}
