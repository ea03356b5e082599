using System.Net;
using DistMtl.Aggregation.Compression;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker's gradients are on the wire, over a real connection.</summary>
public sealed class ServerClientTests : IDisposable
{
    private readonly SmallShards _small = new();

    public void Dispose() => _small.Dispose();

    /// <summary>With what the shard has kept: three steps, of which the second and third begin with the remains of those before.</summary>
    [Theory]
    [InlineData(CompressionKind.TopK)]
    [InlineData(CompressionKind.Int8)]
    public async Task Compressed_gradients_are_on_the_wire_what_each_shards_own_compressor_makes_of_them(CompressionKind kind)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var job = _small.Job with
        {
            Embeddings = new(EmbeddingStorage.Dense),
            Training = _small.Job.Training with { Compression = new CompressionSettings(kind) { Ratio = 0.05 } },
        };
        using var trainer = _small.Trainer(job, false, 1, 2);
        var plan = trainer.Shape.Compression!;
        var expected = trainer.Shards.ToDictionary(shard => shard, shard => new ShardCompressor(plan, shard));
        await using var link = await Link.OpenAsync(trainer, cancellation);
        var (client, servers) = (link.Client, link.Servers);

        for (var version = 0; version < 3; version++)
        {
            var work = SmallShards.Work(version, false);
            foreach (var (batch, sum) in _small.Train(trainer, work))
            {
                var shard = Assert.Single(batch.Shards).Shard;
                var gradients_P = sum.GradientSpan.ToArray();
                var sending = client.SendAsync(work, batch, sum, trainer.Compressors[shard], isFollowed: false, cancellation);
                for (var slice = 0; slice < trainer.Shape.Slices.Count; slice++)
                {
                    using var frame = await servers.ReceiveAsync(cancellation);
                    Assert.Equal(new GradientHeader(trainer.Generation, version, slice, 0, shard), frame!.Header<GradientHeader>());
                    var payload = new byte[expected[shard].MaxLength(slice)];
                    payload = payload[..expected[shard].Compress(slice, gradients_P, version, payload)];
                    Assert.Equal(payload, frame.Payload.GetSpan().ToArray());
                    var decoded = new float[trainer.Shape.Slices.GradientLength(trainer.Shape.Gradient, slice)];
                    new GradientDecoder(plan).Decode(slice, payload, decoded);
                    Assert.InRange(payload.Length, 1, decoded.Length * sizeof(float) / 2);
                    // In the first step nothing has been kept yet.
                    if (version == 0)
                        AssertLike(kind, gradients_P.AsSpan(trainer.Shape.Slices[slice].Offset, decoded.Length).ToArray(), decoded);
                }
                await sending;
            }
        }
    }

    /// <summary>And are of no version before all of them are here.</summary>
    [Fact]
    public async Task Slices_are_received_into_the_parameters_themselves()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var trainer = _small.Trainer(_small.Job with { Training = _small.Job.Training with { ParameterServers = new(3, ServerPlacement.Coordinator) } }, false, 1, 2);
        await using var link = await Link.OpenAsync(trainer, cancellation);
        var (shape, numbers) = (trainer.Shape, Enumerable.Range(0, trainer.Layout.Length).Select(i => i + 0.5f).ToArray());

        for (var i = 0; i < shape.Slices.Count; i++)
        {
            Assert.False(link.Client.HasParameters(7));
            using var payload = TensorBuffer.Borrow(numbers, numbers.Length);
            await link.Servers.SendAsync(
                FrameKind.Slice, new SliceHeader(trainer.Generation, 7, i), payload.Bytes.Slice(shape.Slices[i].Offset * sizeof(float), shape.Slices[i].Length * sizeof(float)), cancellation);
            using var frame = await link.Worker.ReceiveAsync(cancellation);
            Assert.True(frame!.Payload.IsPlaced);
            link.Client.OnSlice(frame);
        }

        Assert.True(link.Client.HasParameters(7));
        Assert.Equal(numbers, link.Client.Parameters_P);
    }

    [Fact]
    public async Task A_slice_of_another_generation_leaves_the_parameters_alone_and_one_of_another_length_is_refused()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var trainer = _small.Trainer(_small.Job, false, 1, 2);
        await using var link = await Link.OpenAsync(trainer, cancellation);
        using var payload = TensorBuffer.Borrow([.. Enumerable.Repeat(1f, trainer.Layout.Length)], trainer.Layout.Length);

        await link.Servers.SendAsync(FrameKind.Slice, new SliceHeader(trainer.Generation - 1, 7, 0), payload.Bytes, cancellation);
        await link.Servers.SendAsync(FrameKind.Slice, new SliceHeader(trainer.Generation, 7, 0), payload.Bytes[..8], cancellation);

        using var late = await link.Worker.ReceiveAsync(cancellation);
        link.Client.OnSlice(late!);
        using var cut = await link.Worker.ReceiveAsync(cancellation);
        var error = Assert.Throws<FrameException>(() => link.Client.OnSlice(cut!));
        Assert.Contains("slice 0 came with 8 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(link.Client.HasParameters(7));
        Assert.All(link.Client.Parameters_P, number => Assert.Equal(0, number));
    }

    /// <summary>Top-k: the largest as they are, and no others. Int8: all, to within the step of their scale.</summary>
    private static void AssertLike(CompressionKind kind, float[] gradients, float[] decoded)
    {
        if (kind == CompressionKind.TopK)
        {
            var kept = Enumerable.Range(0, decoded.Length).Where(i => decoded[i] != 0).ToList();
            Assert.Equal(kept.Select(i => gradients[i]), kept.Select(i => decoded[i]));
            Assert.InRange(kept.Count, 1, (int)Math.Ceiling(0.05 * decoded.Length));
            var smallest = kept.Min(i => Math.Abs(decoded[i]));
            Assert.All(Enumerable.Range(0, decoded.Length).Except(kept), i => Assert.True(Math.Abs(gradients[i]) <= smallest));
            return;
        }
        var step = gradients.Max(Math.Abs) / 127;
        Assert.All(gradients.Zip(decoded), pair => Assert.InRange(pair.Second, pair.First - step, pair.First + step));
    }

    /// <summary>A worker's client, and the other end of its connection.</summary>
    private sealed record Link(TensorListener Listener, TensorConnection Worker, TensorConnection Servers, ServerClient Client) : IAsyncDisposable
    {
        public static async Task<Link> OpenAsync(ShardTrainer trainer, CancellationToken cancellation)
        {
            var listener = TensorListener.Bind(IPAddress.Loopback, 0, TransportSettings.Default);
            var worker = await TensorConnection.ConnectAsync("127.0.0.1", listener.Port, TransportSettings.Default, cancellation);
            await worker.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, "job", "me"), default, cancellation);
            var (servers, _) = await listener.AcceptAsync("job", Assert.Fail, cancellation);
            var client = await ServerClient.ConnectAsync(
                trainer.Plan, trainer.Shape, trainer.Layout.Length, "job", "me", TransportSettings.Default, worker, cancellation);
            return new Link(listener, worker, servers, client);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Worker.DisposeAsync();
            await Servers.DisposeAsync();
            Listener.Dispose();
        }
    }
}
