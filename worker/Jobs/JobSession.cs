using DistMtl.Learning;
using DistMtl.Protocol;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// A worker's part in one job, over one connection: takes the plan, loads its shards, then answers each frame of
/// parameters with the sums of its subtrees or with predictions, until the coordinator closes the connection.
/// </summary>
internal static class JobSession
{
    public static async Task RunAsync(string job, string worker, string host, int port, CancellationToken cancellation)
    {
        await using var connection = await TensorConnection.ConnectAsync(host, port, TransportSettings.Default, cancellation);
        await connection.SendAsync(FrameKind.Hello, new HelloHeader(FrameFormat.Version, job, worker), default, cancellation);
        try
        {
            await ServeAsync(connection, worker, cancellation);
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException or TimeoutException))
        {
            // The connection still stands: what is wrong is told on it, or the coordinator would see only its end.
            await connection.SendAsync(FrameKind.Failed, Describe(e), default, cancellation);
            throw;
        }
    }

    private static FailedHeader Describe(Exception e) => e is JobException job
        ? new FailedHeader(job.Message, (int)job.ExitCode)
        : new FailedHeader($"{e.GetType().Name}: {e.Message}", (int)ExitCode.Failure);

    private static async Task ServeAsync(TensorConnection connection, string worker, CancellationToken cancellation)
    {
        await using var thread = new TorchThread();
        ShardTrainer? trainer = null;
        try
        {
            while (await connection.ReceiveAsync(cancellation) is { } received)
            {
                using var frame = received;
                switch (frame.Kind)
                {
                    case FrameKind.Plan:
                        var plan = JobPlan.Read(frame);
                        trainer = await thread.RunAsync(() => ShardTrainer.Create(plan, worker, cancellation), cancellation);
                        await connection.SendAsync(FrameKind.Ready, trainer.Ready(), default, cancellation);
                        break;
                    case FrameKind.Work when trainer is not null:
                        await WorkAsync(trainer, thread, connection, frame, cancellation);
                        break;
                    default:
                        throw new FrameException($"an unexpected {frame.Kind} frame");
                }
            }
        }
        finally
        {
            if (trainer is not null)
                await thread.RunAsync(() => { trainer.Dispose(); return true; }, CancellationToken.None);
        }
    }

    private static async Task WorkAsync(
        ShardTrainer trainer, TorchThread thread, TensorConnection connection, Frame frame, CancellationToken cancellation)
    {
        var work = frame.Header<WorkHeader>();
        if (work.Generation != trainer.Generation)
            return;
        if (work.Kind == WorkKind.Train)
        {
            var sums = await thread.RunAsync(() => trainer.Train(work, frame.Payload.Numbers), cancellation);
            foreach (var (header, sum) in sums)
            {
                using var payload = TensorBuffer.Wrap(sum.Gradients, sum.Length);
                await connection.SendAsync(FrameKind.Sum, header, payload.Bytes, cancellation);
            }
            return;
        }
        await thread.RunAsync(() => { trainer.Load(frame.Payload.Numbers); return true; }, cancellation);
        foreach (var shard in trainer.Shards)
        {
            var (header, predictions) = await thread.RunAsync(() => trainer.Predict(work, shard), cancellation);
            using var payload = predictions;
            await connection.SendAsync(FrameKind.Predictions, header, payload.Bytes, cancellation);
        }
    }
}
