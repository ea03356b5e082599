using System.Diagnostics;
using System.Globalization;

namespace DistMtl.Benchmarks.Planes;

/// <summary>
/// The tensor plane beside a bare socket: 16 MiB payloads over loopback, plain and under TLS, as ratios within one round,
/// the median over the rounds; and what pings between two actor systems take while it is busy.
/// </summary>
internal static class PlaneBenchmark
{
    public const double PlainBar = 0.75;
    public const double TlsBar = 0.30;
    public const double PingBar = 100;
    public const int DefaultRounds = 9;

    private const int PayloadBytes = 16 << 20;
    private const int Times = 16;

    /// <param name="log">Told what each round measured.</param>
    public static async Task<IReadOnlyList<PlaneResult>> RunAsync(int rounds, Action<string> log, CancellationToken cancellation)
    {
        using var files = new TlsFiles();
        await using var socket = await SocketCopy.OpenAsync();
        await using var plain = await PlaneCopy.OpenAsync("plane", null);
        await using var tls = await PlaneCopy.OpenAsync("plane with TLS", files.Settings);
        var source = GC.AllocateArray<byte>(PayloadBytes, pinned: true);
        var destination = GC.AllocateArray<byte>(PayloadBytes, pinned: true);
        new Random(1).NextBytes(source);
        ICopy[] copies = [socket, plain, tls];
        foreach (var copy in copies)
            await MeasureAsync(copy, source, destination);
        var speeds = copies.ToDictionary(copy => copy, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            // Each is first as often as it is last: what else the machine does is nobody's in particular.
            for (var i = 0; i < copies.Length; i++)
            {
                var copy = copies[(round + i) % copies.Length];
                speeds[copy].Add(await MeasureAsync(copy, source, destination));
            }
            log(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {rounds}: {string.Join(", ", copies.Select(copy => $"{copy.Name} {speeds[copy][round]:N0} MB/s"))}"));
        }
        double Ratio(ICopy copy) => Median([.. speeds[copy].Zip(speeds[socket], (speed, yardstick) => speed / yardstick)]);
        using var pings = await PingPair.StartAsync();
        var milliseconds = await PingsWhileBusyAsync(pings, plain, source, destination, cancellation);
        return
        [
            PlaneResult.AtLeast("tensor plane, 16 MiB payloads over loopback: speed over a bare socket's", Ratio(plain), PlainBar),
            PlaneResult.AtLeast("tensor plane under mutual TLS 1.3: speed over a bare socket's", Ratio(tls), TlsBar),
            PlaneResult.Below("99th percentile of Akka pings while the tensor plane is busy, ms", milliseconds, PingBar),
        ];
    }

    /// <returns>10^6 bytes a second.</returns>
    private static async Task<double> MeasureAsync(ICopy copy, byte[] source, byte[] destination)
    {
        Array.Clear(destination);
        var began = Stopwatch.GetTimestamp();
        await copy.RunAsync(source, destination, Times);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return destination.AsSpan().SequenceEqual(source) ? (double)PayloadBytes * Times / seconds / 1e6 : throw new InvalidDataException($"{copy.Name} brought other bytes");
    }

    private static async Task<double> PingsWhileBusyAsync(PingPair pings, ICopy copy, byte[] source, byte[] destination, CancellationToken cancellation)
    {
        await pings.MeasureAsync(100, cancellation);
        using var enough = new CancellationTokenSource();
        var copying = Task.Run(
            async () =>
            {
                while (!enough.IsCancellationRequested)
                    await copy.RunAsync(source, destination, 1);
            },
            CancellationToken.None);
        var milliseconds = await pings.MeasureAsync(500, cancellation);
        await enough.CancelAsync();
        await copying;
        return milliseconds.Order().ElementAt(milliseconds.Count * 99 / 100);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }
}
