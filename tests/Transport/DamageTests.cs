namespace DistMtl.Transport.Tests;

/// <summary>No damage passes for a frame, and none makes the receiver wait for what never comes.</summary>
public sealed class DamageTests
{
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 37))];

    [Fact]
    public async Task Every_truncation_is_found()
    {
        var frame = await Wire.BytesOfAsync(FrameKind.Sum, Headers.Sum, Payload);
        for (var length = 1; length < frame.Length; length++)
        {
            await using var wire = await Wire.OpenAsync();
            await Assert.ThrowsAsync<FrameException>(() => wire.ReceiveAsync(frame[..length]));
        }
    }

    [Fact]
    public async Task Every_flipped_bit_is_found()
    {
        var frame = await Wire.BytesOfAsync(FrameKind.Sum, Headers.Sum, Payload);
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            var damaged = frame.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            await AssertFoundAsync(frame, damaged);
        }
    }

    [Fact]
    public async Task Two_thousand_mutations_are_found()
    {
        var random = new Random(20);
        var frame = await Wire.BytesOfAsync(FrameKind.Sum, Headers.Sum, Payload);
        for (var i = 0; i < 2000; i++)
            await AssertFoundAsync(frame, Mutation.Of(frame, random));
    }

    /// <summary>A payload's memory is rented when its length is known; nothing above an array's limit is ever asked for.</summary>
    [Fact]
    public async Task A_payload_above_what_an_array_holds_is_refused_before_it_is_allocated()
    {
        var prefix = new byte[FrameFormat.PrefixBytes];
        FrameFormat.WritePrefix(prefix, FrameKind.Sum, 0, FrameFormat.MaxPayloadBytes);
        await using var wire = await Wire.OpenAsync();
        var before = GC.GetTotalAllocatedBytes();
        var error = await Assert.ThrowsAsync<FrameException>(() => wire.ReceiveAsync(prefix));
        Assert.Contains("does not fit one array", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100 << 20);
    }

    private static async Task AssertFoundAsync(byte[] frame, byte[] damaged)
    {
        await using var wire = await Wire.OpenAsync();
        // Closed before the first byte, and damage behind a whole frame: the frame's own bytes are not to blame.
        if (damaged.Length == 0)
        {
            Assert.Null(await wire.ReceiveAsync(damaged));
            return;
        }
        if (damaged.AsSpan().StartsWith(frame))
        {
            (await wire.ReceiveAsync(damaged))!.Dispose();
            damaged = [];
        }
        // A FrameException is an IOException; so is what a socket says of a buffer that it can't fill.
        await Assert.ThrowsAnyAsync<IOException>(() => damaged.Length == 0 ? wire.Connection.ReceiveAsync(Wire.Soon) : wire.ReceiveAsync(damaged));
    }
}
