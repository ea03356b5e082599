using System.Text;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Messages;
using DistMtl.Protocol.Models;
using DistMtl.Transport;

namespace DistMtl.Benchmarks.Stubs;

/// <summary>
/// A worker of one data shard that computes nothing: once it has a step's parameters and the call to work, it sends the
/// gradients that it made up at the start, and its sums, as frames like any worker's.
/// </summary>
internal sealed class StubWorker
{
    private const int Rows = 64;

    private readonly TensorConnection _connection;
    private readonly PlanHeader _plan;
    private readonly ServerShape _shape;
    private readonly byte[][] _gradients;
    private readonly long[] _labels_T;
    private readonly double[] _losses_T;

    private StubWorker(TensorConnection connection, Frame plan)
    {
        (_connection, _plan) = (connection, plan.Header<PlanHeader>());
        var job = JobFileReader.Parse(_plan.JobYaml, "job.yaml", "/", [], WeightingTable.Descriptions, checkFiles: false).Job
            ?? throw new JobException("a stub does not understand its plan", ExitCode.Failure);
        var schema = DataSchema.FromJson(Encoding.UTF8.GetString(plan.Payload.GetSpan()));
        _shape = ServerShape.Of(job, ModelBlueprint.Create(job.Model, schema.ToModelInputs(job.Embeddings)), _plan.Generation, _plan.PerTask);
        if (!_shape.Tables.Tables.IsEmpty || _shape.Compression is not null)
            throw new JobException("a stub has neither sparse tables nor compression", ExitCode.Failure);
        _gradients = [.. _shape.Slices.All.Select(slice => Gradient(_shape.Slices.GradientLength(_shape.Gradient, slice.Index)))];
        _labels_T = [.. job.Tasks.Select(_ => (long)Rows)];
        _losses_T = [.. job.Tasks.Select(_ => Rows * Math.Log(2))];
    }

    /// <summary>Until the coordinator closes the connection.</summary>
    public static async Task RunAsync(string name, StartShard start)
    {
        await using var connection = await TensorConnection.ConnectAsync(start.TensorHost, start.TensorPort, TransportSettings.Default, CancellationToken.None);
        await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, start.Shard.Job, name), default, CancellationToken.None);
        using var plan = await connection.ReceiveAsync(CancellationToken.None);
        if (plan is not { Kind: FrameKind.Plan })
            return;
        await new StubWorker(connection, plan).ServeAsync();
    }

    private async Task ServeAsync()
    {
        await _connection.SendAsync(FrameKind.Ready, new ReadyHeader(_plan.Generation, _plan.Shards, [.. _plan.Shards.Select(_ => Rows)], _labels_T), default, CancellationToken.None);
        var (arrived, work) = (0, -1);
        while (await _connection.ReceiveAsync(CancellationToken.None) is { } received)
        {
            using var frame = received;
            if (frame.Kind == FrameKind.Slice)
                arrived++;
            else if (frame.Kind == FrameKind.Work)
                work = frame.Header<WorkHeader>().Version;
            else
                throw new FrameException($"a stub got a {frame.Kind} frame");
            if (arrived < _gradients.Length || work < 0)
                continue;
            await AnswerAsync(work);
            (arrived, work) = (arrived - _gradients.Length, -1);
        }
    }

    private async Task AnswerAsync(int version)
    {
        foreach (var shard in _plan.Shards)
        {
            for (var slice = 0; slice < _gradients.Length; slice++)
                await _connection.SendAsync(FrameKind.Gradient, new GradientHeader(_plan.Generation, version, slice, 0, shard), _gradients[slice], isFollowed: true, CancellationToken.None);
            await _connection.SendAsync(FrameKind.Sum, new SumHeader(_plan.Generation, version, 0, shard, _losses_T, _labels_T, _labels_T, [Rows]), default, CancellationToken.None);
        }
    }

    private static byte[] Gradient(int length)
    {
        var random = new StableRandom(1);
        var bytes = new byte[length * sizeof(float)];
        for (var i = 0; i < length; i++)
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(float)), (float)(1e-3 * random.NextNormal()));
        return bytes;
    }
}
