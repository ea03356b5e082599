using DistMtl.Faults;

namespace DistMtl.Transport.Tests;

/// <summary>Whatever a network does, a frame comes as it was sent, in its turn and once, or the connection ends.</summary>
public sealed class FaultTests
{
    /// <summary>The parcels that come first: the greeting, the hello.</summary>
    private const int First = 2;

    private const int Sent = 6;

    private static readonly TransportSettings s_hasty = TransportSettings.Default with { SendTimeout = TimeSpan.FromMilliseconds(300) };

    /// <summary>The fault strikes the third of six frames; the first two must be there, and nothing of the third but what says so.</summary>
    [Theory]
    [InlineData(WireFaultKind.Drop, 0, "damaged on the way (checksum)")]
    [InlineData(WireFaultKind.Swap, 0, "damaged on the way (checksum)")]
    [InlineData(WireFaultKind.Flip, 0.9, "damaged on the way (checksum)")]
    [InlineData(WireFaultKind.Silence, 0.5, "stopped inside a frame for 0.3 s")]
    [InlineData(WireFaultKind.End, 0.5, "ended inside a frame")]
    [InlineData(WireFaultKind.Reset, 0.5, "reset by peer")]
    [InlineData(WireFaultKind.Reset, 0, "reset by peer")]
    public async Task A_receiver_of_what_is_not_as_it_was_sent_is_told(WireFaultKind kind, double place, string error)
    {
        var (frames, failure) = await SendAsync(new WireFault(kind, First + 2, place));
        // What has come before a reset may go with it.
        if (kind == WireFaultKind.Reset)
            Assert.InRange(frames, 0, 2);
        else
            Assert.Equal(2, frames);
        Assert.Contains(error, Assert.IsType<IOException>(failure, exactMatch: false).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_of_a_frame_that_comes_twice_gets_it_once_and_is_told()
    {
        var (frames, failure) = await SendAsync(new WireFault(WireFaultKind.Double, First + 2));
        Assert.Equal(3, frames);
        Assert.Contains("damaged on the way (checksum)", Assert.IsType<FrameException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_end_between_frames_is_an_end()
    {
        Assert.Equal((2, null), await SendAsync(new WireFault(WireFaultKind.End, First + 2)));
    }

    /// <summary>Nobody can tell it from a peer that has nothing to say; who waits for something has a deadline.</summary>
    [Fact]
    public async Task A_silence_between_frames_is_the_receivers_to_end()
    {
        var (frames, failure) = await SendAsync(new WireFault(WireFaultKind.Silence, First + 2));
        Assert.Equal(2, frames);
        Assert.IsType<OperationCanceledException>(failure, exactMatch: false);
    }

    [Theory]
    [InlineData(WireFaultKind.Delay, 0)]
    [InlineData(WireFaultKind.Stall, 0)]
    [InlineData(WireFaultKind.Stall, 0.5)]
    public async Task A_delay_changes_nothing(WireFaultKind kind, double place) =>
        Assert.Equal((Sent, null), await SendAsync(new WireFault(kind, First + 2, place)));

    /// <summary>Faults of all kinds, in both directions, from the greeting to the last frame and the credits between them.</summary>
    [Fact]
    public async Task Under_any_faults_each_end_hears_the_first_frames_of_what_was_sent_or_all()
    {
        var count = LongTests.Count(600, 10_000);
        var outcomes = new int[3];
        // Most of the time is spent in waiting for what never comes.
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (seed, _) =>
        {
            var plan = FaultPlan.Draw(seed, parcels: 28);
            try
            {
                var patience = TimeSpan.FromSeconds(plan.IsHarmless ? 60 : 3);
                FaultRelay? relay = null;
                var (connecting, accepting) = await Talk.RunAsync(target => (relay = new FaultRelay(target, plan)).Port, patience, isLong: seed % 8 == 0)
                    .WaitAsync(5 * patience, CancellationToken.None);
                var isDamaged = relay!.Struck.Any(fault => !fault.IsHarmless);
                await relay.DisposeAsync();
                foreach (var heard in new[] { connecting, accepting })
                {
                    if (!isDamaged)
                        Assert.True(heard.IsAll, $"only {heard.Frames} frames came, though there was no fault: {heard.Error}");
                    Interlocked.Increment(ref outcomes[heard.IsAll ? 0 : heard.IsSilence ? 1 : 2]);
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"plan {seed} ({plan}): {e.Message}", e);
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"ends that heard all: {outcomes[0]}, that waited until their deadline: {outcomes[1]}, that were told: {outcomes[2]}");
        // Each of the three happens, or the plans have become tame.
        Assert.All(outcomes, outcome => Assert.InRange(outcome, count / 50, 2 * count));
    }

    /// <summary>Sends six frames, of which one meets a fault.</summary>
    /// <returns>How many came, each as it was, and what ended the receiving; null: the connection's end, or all were there.</returns>
    private static async Task<(int Frames, Exception? Error)> SendAsync(WireFault fault)
    {
        FaultRelay? relay = null;
        await using var pair = await Pair.OpenAsync(s_hasty, s_hasty, target => (relay = new FaultRelay(target, new FaultPlan([fault], []))).Port);
        var sending = SendAllAsync(pair.Connecting);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var frames = 0;
        Exception? error = null;
        try
        {
            for (; frames < Sent && await pair.Accepted.ReceiveAsync(deadline.Token) is { } received; frames++)
            {
                using var frame = received;
                Assert.Equal(Headers.Gradient with { Version = frames }, frame.Header<GradientHeader>());
                Assert.Equal(Enumerable.Repeat((byte)frames, 100), frame.Payload.GetSpan().ToArray());
            }
        }
        catch (Exception e) when (Heard.IsDue(e))
        {
            error = e;
        }
        await sending;
        Assert.Contains(fault, relay!.Struck);
        await relay.DisposeAsync();
        return (frames, error);
    }

    private static async Task SendAllAsync(TensorConnection connection)
    {
        try
        {
            for (var i = 0; i < Sent; i++)
                await connection.SendAsync(FrameKind.Gradient, Headers.Gradient with { Version = i }, Enumerable.Repeat((byte)i, 100).ToArray(), Wire.Soon);
        }
        catch (IOException)
        {
            // The connection was ended under it.
        }
    }
}
