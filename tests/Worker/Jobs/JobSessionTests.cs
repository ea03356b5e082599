using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using DistMtl.Aggregation;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;
using DistMtl.Worker.Jobs;

namespace DistMtl.Worker.Tests.Jobs;

/// <summary>What a worker sends when, to a coordinator that the test plays, servers included.</summary>
public sealed class JobSessionTests : IDisposable
{
    private static readonly int[] s_shards = [0, 1, 2];

    private readonly SmallShards _small = new();

    /// <summary>For waits that are expected to end by themselves.</summary>
    private readonly CancellationTokenSource _soon = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public JobSessionTests() => _soon.CancelAfter(TimeSpan.FromSeconds(60));

    private JobFile Job => _small.SparseJob with { Weighting = _small.Job.Weighting with { Scope = WeightingScope.Trunk } };

    public void Dispose()
    {
        _soon.Dispose();
        _small.Dispose();
    }

    [Fact]
    public async Task Gradients_of_rows_are_sent_once_the_tasks_are_weighed_and_one_of_each_row()
    {
        var weights = new WeightsHeader(1, 0, [0.75, -1.5], [1, 2], [40, 30]);
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, TransportSettings.Default);
        var session = JobSession.RunAsync("job", "127.0.0.1:1", "127.0.0.1", listener.Port, TransportSettings.Default, new ShardStore(), _soon.Token);
        var (connection, _) = await listener.AcceptAsync("job", _ => { }, _soon.Token);
        var trained = await TrainAsync(connection);
        // Shards 0 and 1 are one subtree, and 2 is one.
        Assert.Equal(2, trained.Count(frame => frame.Kind == FrameKind.Sum));
        Assert.DoesNotContain(FrameKind.RowGradients, trained.Select(frame => frame.Kind));

        await connection.SendAsync(FrameKind.Weights, weights, default, _soon.Token);
        var sent = new List<(TreeNode Node, float[] Gradients)>();
        while (sent.Count < 2)
        {
            using var frame = await ReceiveAsync(connection);
            Assert.Equal(FrameKind.RowGradients, frame.Kind);
            var header = frame.Header<RowGradientHeader>();
            Assert.Equal((0, 0), (header.Version, header.Server));
            sent.Add((new TreeNode(header.Level, header.Index), frame.Payload.Numbers.ToArray()));
        }
        await connection.DisposeAsync();
        await session;

        using var trainer = _small.Trainer(Job, true, s_shards);
        var coefficients = new TaskCoefficients(weights.Weights_T, weights.Labels_T, weights.OwnWeights_T);
        foreach (var (node, expected) in sent.Zip(_small.TrainHolding(trainer, SmallShards.Work(0, true))))
        {
            var (sum, values) = (expected.Held!.Combine(coefficients), trainer.Shape.Tables.ValuesLength(expected.Batch.Touched));
            Assert.Equal(expected.Batch.Node, node.Node);
            // As long as the rows themselves, which a gradient of every task would not be.
            Assert.Equal(values, node.Gradients.Length);
            Assert.Equal(sum.Gradients[..values], node.Gradients);
            Assert.Equal(trainer.Shape.Gradient.Length, expected.Sum.Length);
        }
    }

    [Theory]
    [InlineData(1, 2, "version 1")]
    [InlineData(0, 3, "2 tasks")]
    public async Task Weights_that_fit_no_rows_end_the_session_with_a_reason(int version, int tasks, string reason)
    {
        using var listener = TensorListener.Bind(IPAddress.Loopback, 0, TransportSettings.Default);
        var session = JobSession.RunAsync("job", "127.0.0.1:1", "127.0.0.1", listener.Port, TransportSettings.Default, new ShardStore(), _soon.Token);
        var (connection, _) = await listener.AcceptAsync("job", _ => { }, _soon.Token);
        await TrainAsync(connection);
        await connection.SendAsync(FrameKind.Weights, new WeightsHeader(1, version, new double[tasks], null, new long[tasks]), default, _soon.Token);
        using var frame = await ReceiveAsync(connection);
        Assert.Equal(FrameKind.Failed, frame.Kind);
        Assert.Contains(reason, frame.Header<FailedHeader>().Error, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FrameException>(() => session);
        await connection.DisposeAsync();
    }

    /// <summary>The first step up to the worker's sums.</summary>
    /// <returns>What it has sent of it.</returns>
    private async Task<IReadOnlyList<(FrameKind Kind, int Bytes)>> TrainAsync(TensorConnection connection)
    {
        var (job, frames, nodes) = (Job, new List<(FrameKind, int)>(), new List<PullHeader>());
        var shape = ServerShape.Of(job, _small.Blueprint(job), 1, perTask: true);
        await connection.SendAsync(FrameKind.Plan, SmallShards.Plan(job, true, s_shards), Encoding.UTF8.GetBytes(_small.Scan.Schema.ToJson()), _soon.Token);
        var sums = 0;
        while (sums == 0 || sums < nodes.Count)
        {
            using var frame = await ReceiveAsync(connection);
            if (frame.Kind == FrameKind.Pull && frame.Header<PullHeader>() is { Version: 0 } pull)
            {
                nodes.Add(pull);
                var values = _small.Pull(job, RowsOf(pull, frame.Payload.GetSpan())).Values;
                await connection.SendAsync(FrameKind.Rows, new RowsHeader(1, 0, 0, pull.Level, pull.Index), MemoryMarshal.AsBytes(values.Span).ToArray(), _soon.Token);
            }
            else if (frame.Kind == FrameKind.Ready)
            {
                foreach (var slice in shape.Slices.All)
                    await connection.SendAsync(FrameKind.Slice, new SliceHeader(1, 0, slice.Index), MemoryMarshal.AsBytes(_small.Parameters(job).AsSpan(slice.Offset, slice.Length)).ToArray(), _soon.Token);
                await connection.SendAsync(FrameKind.Work, SmallShards.Work(0, true), default, _soon.Token);
            }
            else if (frame.Kind != FrameKind.Pull)
            {
                frames.Add((frame.Kind, (int)frame.Payload.ByteCount));
                sums += frame.Kind == FrameKind.Sum ? 1 : 0;
            }
        }
        return frames;
    }

    private static RowLists RowsOf(PullHeader pull, ReadOnlySpan<byte> payload)
    {
        var rows = MemoryMarshal.Cast<byte, int>(payload);
        var lists = new List<int[]>();
        foreach (var count in pull.Counts)
        {
            lists.Add(rows[..count].ToArray());
            rows = rows[count..];
        }
        return new RowLists([.. lists]);
    }

    private async Task<Frame> ReceiveAsync(TensorConnection connection) =>
        await connection.ReceiveAsync(_soon.Token) ?? throw new IOException("the worker has closed its connection");
}
