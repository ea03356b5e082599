namespace DistMtl.Transport.Tests;

/// <summary>No damage passes for a frame, and none makes the receiver ask for memory or wait for what never comes.</summary>
public sealed class DamageTests
{
    private const int Mutations = 1_000_000;

    private static readonly byte[] Payload = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 37))];

    [Fact]
    public void The_recording_has_a_frame_of_every_kind() => Assert.Equal(Enum.GetValues<FrameKind>().Length, Headers.All.Count);

    [Fact]
    public async Task Every_truncation_of_every_kind_is_found()
    {
        foreach (var write in Headers.All)
        {
            var frame = await write(new Recording(), Payload);
            for (var length = 1; length < frame.Length; length++)
            {
                var (frames, error) = await Recording.ReadAsync(frame[..length]);
                Assert.Empty(frames);
                Assert.Contains("ended inside a frame", error!.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Every_flipped_bit_of_every_kind_is_found()
    {
        foreach (var write in Headers.All)
        {
            var frame = await write(new Recording(), Payload);
            for (var bit = 0; bit < frame.Length * 8; bit++)
            {
                var damaged = frame.ToArray();
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                var (frames, error) = await Recording.ReadAsync(damaged);
                Assert.Empty(frames);
                Assert.NotNull(error);
            }
        }
    }

    /// <summary>
    /// Frames, credits and pieces of a conversation with flipped bits, other bytes, other lengths, parts cut out, doubled and
    /// swapped: what is read before the damage is as it was sent, and the damage is found. Only a conversation cut off
    /// between two frames ends without an error.
    /// </summary>
    [Fact]
    public async Task A_million_mutations_of_a_conversation_are_found()
    {
        var (original, records) = await ConversationAsync();
        var (sent, _) = await Recording.ReadAsync(original);
        var expected = sent.ConvertAll(Text);
        var worst = 0L;
        await Parallel.ForAsync(0, 16, async (part, _) =>
        {
            var random = new Random(part);
            for (var i = 0; i < Mutations / 16; i++)
            {
                var mutated = Mutation.Of(original, records, random);
                var before = GC.GetAllocatedBytesForCurrentThread();
                var (frames, error) = await Recording.ReadAsync(mutated);
                InterlockedMax(ref worst, GC.GetAllocatedBytesForCurrentThread() - before);
                if (error is null && !original.AsSpan().StartsWith(mutated))
                    Assert.Fail($"mutation {i} of part {part} passed: {Convert.ToHexString(mutated)}");
                for (var n = 0; n < frames.Count; n++)
                {
                    if (Text(frames[n]) != expected[n])
                        Assert.Fail($"mutation {i} of part {part} changed frame {n}: {Convert.ToHexString(mutated)}");
                    frames[n].Dispose();
                }
            }
        });
        // The reader's own buffers, an exception, and never what a damaged length asks for.
        Assert.InRange(worst, 1, 256 << 10);
    }

    [Fact]
    public async Task Damage_in_a_chunk_of_a_large_frame_is_found_in_that_chunk()
    {
        var payload = new byte[(3 << 20) + 5];
        new Random(5).NextBytes(payload);
        var bytes = await new Recording().FrameAsync(FrameKind.Slice, Headers.Slice, payload);
        bytes[^10] ^= 1;
        var place = new byte[payload.Length];
        var (frames, error) = await Recording.ReadAsync(bytes, (_, _, _) => place);
        Assert.Empty(frames);
        Assert.Contains("a Slice frame was damaged on the way", error!.Message, StringComparison.Ordinal);
        Assert.Equal(payload[..(3 << 20)], place[..(3 << 20)]);
    }

    /// <summary>A payload's memory is rented when its length is known to be right; nothing above an array's limit is ever asked for.</summary>
    [Fact]
    public async Task A_payload_above_what_an_array_holds_is_refused_before_it_is_allocated()
    {
        using var stream = new MemoryStream();
        var writer = new FrameWriter(stream);
        writer.Head(FrameKind.Sum, FrameFormat.Serialize(Headers.Sum), FrameFormat.MaxPayloadBytes);
        await writer.FlushAsync(default);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (_, error) = await Recording.ReadAsync(stream.ToArray());
        Assert.Contains("does not fit one array", error!.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task A_header_that_does_not_come_is_not_allocated()
    {
        var prefix = new byte[FrameFormat.PrefixBytes];
        FrameFormat.WritePrefix(prefix, FrameKind.Plan, FrameFormat.MaxHeaderBytes, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (_, error) = await Recording.ReadAsync(prefix);
        Assert.Contains("ended inside a frame", error!.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
    }

    [Fact]
    public async Task A_piece_without_a_frame_is_refused()
    {
        using var stream = new MemoryStream();
        var writer = new FrameWriter(stream);
        await writer.ChunkAsync(Payload, default);
        await writer.FlushAsync(default);
        Assert.Contains("where none was due", (await Recording.ReadAsync(stream.ToArray())).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_piece_of_another_length_than_is_due_is_refused()
    {
        using var stream = new MemoryStream();
        var writer = new FrameWriter(stream);
        writer.Head(FrameKind.Sum, FrameFormat.Serialize(Headers.Sum), Payload.Length + 1);
        await writer.ChunkAsync(Payload, default);
        await writer.FlushAsync(default);
        Assert.Contains("a piece of 64 bytes where 65", (await Recording.ReadAsync(stream.ToArray())).Error!.Message, StringComparison.Ordinal);
    }

    /// <returns>A few frames, and credits between them; where each begins.</returns>
    private static async Task<(byte[] Bytes, int[] Records)> ConversationAsync()
    {
        var recording = new Recording();
        var records = new List<int> { 0 };
        foreach (var write in Headers.All.Take(3))
        {
            await write(recording, Payload.AsMemory(0, 4 * (records.Count % 4)));
            records.Add(recording.Bytes.Length);
            await recording.CreditAsync(records.Count, Wire.Window);
            records.Add(recording.Bytes.Length);
        }
        return (recording.Bytes, [.. records]);
    }

    private static string Text(Frame frame) => $"{frame.Kind} {Convert.ToHexString(frame.Payload.GetSpan())}";

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Interlocked.Read(ref target); value > seen;)
            seen = Interlocked.CompareExchange(ref target, value, seen) == seen ? value : Interlocked.Read(ref target);
    }
}
