using System.Runtime.InteropServices;
using DistMtl.Aggregation.Metrics;
using DistMtl.Coordinator.Cluster;
using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;
using DistMtl.Transport;

namespace DistMtl.Coordinator.Training;

/// <summary>
/// Metrics of one split: the workers predict their shards' rows, the metrics are computed once over all of them, in
/// shard order. An AUC cannot be put together from AUCs of parts.
/// </summary>
internal sealed class Evaluator(JobFile job, DataSchema schema, WorkerFleet fleet)
{
    /// <param name="version">That the parameter servers have published.</param>
    public async Task<IReadOnlyList<TaskMetrics>> EvaluateAsync(int version, WorkKind split, CancellationToken cancellation)
    {
        await fleet.SendAsync(FrameKind.Work, new WorkHeader(fleet.Placement.Generation, version, split, null), default, cancellation);
        var parts = new WorkerFrame?[job.Data.Shards];
        try
        {
            await CollectAsync(version, split, parts, cancellation);
            var groups = job.Data.GroupBy is null ? null : Groups(parts);
            return [.. schema.Tasks.Select((task, index) => Compute(task, index, parts, groups))];
        }
        finally
        {
            foreach (var part in parts)
                part?.Frame.Dispose();
        }
    }

    private async Task CollectAsync(int version, WorkKind split, WorkerFrame?[] parts, CancellationToken cancellation)
    {
        var deadline = TimeSpan.FromSeconds(job.Training.StepTimeoutSeconds);
        while (Array.IndexOf(parts, null) >= 0)
        {
            var received = await fleet.ReceiveAsync(
                deadline, $"the {split} evaluation", () => Enumerable.Range(0, parts.Length).Where(shard => parts[shard] is null), cancellation);
            if (received.Frame.Kind == FrameKind.Sum && job.Training.BackupShards > 0)
            {
                // Of the step before, from a worker that others were faster than.
                received.Frame.Dispose();
                continue;
            }
            if (received.Frame.Kind != FrameKind.Predictions)
                throw new JobException($"worker {received.Worker} sent {received.Frame.Kind} instead of predictions", ExitCode.ClusterLost);
            var header = received.Frame.Header<PredictionsHeader>();
            // All parts are needed at once: they must not hold up each other.
            received.Frame.Keep();
            if (header.Generation == fleet.Placement.Generation && header.Version == version && header.Kind == split)
                parts[header.Shard] = received;
            else
                received.Frame.Dispose();
        }
    }

    /// <summary>Of all rows, shard after shard.</summary>
    private static RowGroups Groups(WorkerFrame?[] parts)
    {
        var groups_B = new List<long>();
        foreach (var part in parts)
        {
            var (worker, frame) = part!.Value;
            var header = frame.Header<PredictionsHeader>();
            if (!header.HasGroups)
                throw new JobException($"worker {worker} sent predictions without the rows' groups", ExitCode.ClusterLost);
            var bytes = frame.Payload.GetSpan()[^(header.Rows * sizeof(long))..];
            groups_B.AddRange(MemoryMarshal.Cast<byte, long>(bytes));
        }
        return RowGroups.Of(CollectionsMarshal.AsSpan(groups_B));
    }

    private TaskMetrics Compute(FittedTask task, int index, WorkerFrame?[] parts, RowGroups? groups)
    {
        var predictions = new List<float>();
        var labels_B = new List<float>();
        foreach (var part in parts)
        {
            var frame = part!.Value.Frame;
            var header = frame.Header<PredictionsHeader>();
            var offset = header.Rows * (header.Widths_T.Take(index).Sum() + index);
            var width = header.Widths_T[index];
            var ofShard_BC = frame.Payload.Numbers.Slice(offset, header.Rows * width);
            RequireFinite(ofShard_BC, task, header);
            predictions.AddRange(ofShard_BC);
            labels_B.AddRange(frame.Payload.Numbers.Slice(offset + header.Rows * width, header.Rows));
        }
        if (task.Settings.Kind == TaskKind.Regression)
        {
            Unscale(predictions, task);
            Unscale(labels_B, task);
            RestoreZeros(labels_B, task);
        }
        return TaskMetricsCalculator.Compute(
            task.Settings.Name, task.Settings.Kind,
            CollectionsMarshal.AsSpan(predictions),
            CollectionsMarshal.AsSpan(labels_B),
            [.. task.ClassRates ?? [task.Mean]],
            job.Metrics,
            groups,
            task.Classes);
    }

    /// <summary>A model that diverged in its last step shows it here first.</summary>
    private static void RequireFinite(ReadOnlySpan<float> predictions_BC, FittedTask task, PredictionsHeader header)
    {
        foreach (var prediction in predictions_BC)
        {
            if (!float.IsFinite(prediction))
                throw new JobException($"a prediction of task '{task.Settings.Name}' at step {header.Version} on shard {header.Shard} is {prediction}", ExitCode.TrainingFailed);
        }
    }

    /// <summary>Back to the label's own unit.</summary>
    private static void Unscale(List<float> values, FittedTask task)
    {
        for (var i = 0; i < values.Count; i++)
            values[i] = (float)(values[i] * task.Deviation + task.Mean);
    }

    /// <summary>
    /// A label of 0 comes back as the rounding of a float that was about as large as the mean. Whether a label is above 0,
    /// or below, is a question that the ranking metrics ask.
    /// </summary>
    private static void RestoreZeros(List<float> labels_B, FittedTask task)
    {
        var rounding = Math.ScaleB(Math.Abs(task.Mean), -23);
        for (var i = 0; i < labels_B.Count; i++)
        {
            if (Math.Abs(labels_B[i]) <= rounding)
                labels_B[i] = 0;
        }
    }
}
