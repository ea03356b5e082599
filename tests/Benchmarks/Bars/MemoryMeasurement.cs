using System.Globalization;
using DistMtl.Protocol;

namespace DistMtl.Benchmarks.Bars;

/// <summary>
/// Resident memory (VmRSS) of each process of a long run, the coordinator's and its two workers', every so many steps: the
/// last less the first, of the process that grew most.
/// </summary>
internal sealed class MemoryMeasurement(SmallJob job) : IMeasurement
{
    private const int Steps = 10_000;
    private const int FirstStep = 1000;
    private const int Every = 500;
    private const double Megabyte = 1e6;

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(15);

    private static readonly Bar s_growth = new("10,000 steps: growth of memory after the first 1,000, MB of the worst process", BarSide.Below, 20);

    public IReadOnlyList<Bar> Bars { get; } = [s_growth];

    public bool IsLong => true;

    public async Task<IReadOnlyDictionary<Bar, double?>> RunAsync(IReadOnlyList<Bar> wanted, Conditions conditions)
    {
        if (!OperatingSystem.IsLinux())
        {
            conditions.Log("memory is not measured: there is no /proc");
            return new Dictionary<Bar, double?>();
        }
        string[] arguments = ["train", job.Path, "--json", "--out", job.RunFolder, "--workers", "2", "--set", string.Create(CultureInfo.InvariantCulture, $"training.maxSteps={Steps}")];
        await using var child = ChildProcess.Start(BuildFacts.CoordinatorPath, arguments, conditions.Cancellation, s_deadline);
        var samples = new Dictionary<int, List<double>>();
        for (var step = 0; step < Steps;)
        {
            if (RunLine.Parse(await child.ReadLineAsync()) is not { Kind: "step", Step: { } made })
                continue;
            step = made;
            if (step >= FirstStep && step % Every == 0)
                Sample(child.Id, samples);
        }
        foreach (var (process, megabytes) in samples)
            conditions.Log(string.Create(CultureInfo.InvariantCulture, $"{(process == child.Id ? "coordinator" : "worker")}, MB: {string.Join(' ', megabytes.Select(value => value.ToString("F0", CultureInfo.InvariantCulture)))}"));
        return new Dictionary<Bar, double?> { [s_growth] = samples.Values.Max(megabytes => megabytes[^1] - megabytes[0]) };
    }

    private static void Sample(int coordinator, Dictionary<int, List<double>> samples)
    {
        int[] processes = [coordinator, .. LinuxProcess.ChildrenOf(coordinator)];
        if (processes.Length != 3)
            throw new JobException($"the run has {processes.Length} processes, not a coordinator and 2 workers", ExitCode.Failure);
        foreach (var process in processes)
        {
            if (!samples.TryGetValue(process, out var megabytes))
                samples[process] = megabytes = [];
            megabytes.Add(LinuxProcess.Number(process, "VmRSS:") * 1024 / Megabyte);
        }
    }
}
