using DistMtl.Faults;
using DistMtl.Transport;

namespace DistMtl.ParameterServers.Tests;

/// <summary>Whatever a network does, a run ends in the bits it has without that, or with an error that says what is missing or wrong.</summary>
public sealed class FaultTests
{
    /// <summary>About as many as a connection carries in one direction.</summary>
    private const int Parcels = 26;

    [Fact]
    public Task Faults_of_the_network_never_end_in_other_parameters() => AssertSafeAsync(seals: false, LongTests.Count(120, 5_000));

    /// <summary>
    /// As if a peer itself left frames out, sent them twice or in another order: the checksums are right, and server and worker
    /// must see it in the frames.
    /// </summary>
    [Fact]
    public Task Frames_that_a_peer_leaves_out_doubles_or_swaps_never_end_in_other_parameters() => AssertSafeAsync(seals: true, LongTests.Count(120, 5_000));

    private static async Task AssertSafeAsync(bool seals, int count)
    {
        var @case = new ServerCase(perTask: true, words: 1700);
        var (expected, states) = await RelayedRun.WithoutFaultsAsync(@case);
        var (whole, errors) = (0, new int[4]);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (seed, _) =>
        {
            var plan = FaultPlan.Draw(seed, Parcels);
            try
            {
                var patience = TimeSpan.FromSeconds(plan.IsHarmless ? 60 : 3);
                await using var run = new RelayedRun(@case, place: seed / 9 % 4, plan, seals);
                try
                {
                    var outcome = await run.RunAsync(order: (ulong)seed, patience).WaitAsync(6 * patience, CancellationToken.None);
                    Outcome.AssertSameBits(expected, outcome);
                    Interlocked.Increment(ref whole);
                }
                catch (Exception e) when (run.IsDamaged && KindOf(e, run.Shards) is { } kind)
                {
                    Interlocked.Increment(ref errors[kind]);
                }
                run.AssertWhole(states);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"plan {seed} ({plan}): {e.Message}", e);
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"of {count} plans {whole} ended in the same bits, {string.Join(", ", errors)} in errors of each kind");
        Assert.InRange(whole, count / 20, count);
        Assert.All(errors, error => Assert.InRange(error, 1, count));
    }

    /// <summary>Errors that say what is missing or wrong, and no others.</summary>
    /// <param name="shards">What may be missing.</param>
    private static int? KindOf(Exception error, IReadOnlyList<int> shards) => error switch
    {
        LateShardsException late when late.Shards.Count > 0 && late.Shards.All(shards.Contains) => 0,
        TimeoutException when new[] { " lacks ", "the peer took no data", "no connection to " }.Any(what => error.Message.Contains(what, StringComparison.Ordinal)) => 1,
        FrameException or IOException { InnerException: FrameException } => 2,
        IOException => 3,
        _ => null,
    };
}
