using System.Text;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Weightings;
using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>What the coordinator wants of this worker, understood.</summary>
internal sealed record JobPlan(PlanHeader Header, JobFile Job, DataSchema Schema)
{
    /// <exception cref="JobException">The two programs do not understand each other: not the same version.</exception>
    public static JobPlan Read(Frame frame)
    {
        var header = frame.Header<PlanHeader>();
        var (job, schema) = Read(header.JobYaml, frame.Payload);
        return new JobPlan(header, job, schema);
    }

    /// <param name="schema">As JSON.</param>
    /// <exception cref="JobException">As of <see cref="Read(Frame)"/>.</exception>
    public static (JobFile Job, DataSchema Schema) Read(string jobYaml, TensorBuffer schema)
    {
        var reading = JobFileReader.Parse(jobYaml, "job.yaml", "/", [], WeightingTable.Descriptions, checkFiles: false);
        var job = reading.Job ?? throw new JobException(
            $"the coordinator's job file can't be read here; coordinator and worker must be of one version: {string.Join("; ", reading.Problems)}");
        return (job, DataSchema.FromJson(Encoding.UTF8.GetString(schema.GetSpan())));
    }

    /// <summary>Whose rows this worker needs: its own shards, and those that it computes for slow workers.</summary>
    public IReadOnlyList<int> ComputedShards => [.. Header.Shards, .. Header.BackupShards ?? []];

    /// <summary>
    /// What it sends sums of: the largest subtrees of its own shards, and one by one those that others compute, too, for the
    /// others would not have the same subtrees; so where gradients are compressed, for what compression keeps goes where the shard goes.
    /// </summary>
    public IReadOnlyList<TreeNode> Nodes
    {
        get
        {
            if (Job.Training.Compression.Kind != CompressionKind.None)
                return [.. Header.Shards.Order().Select(TreeNode.Leaf)];
            var twice = (Header.Twice ?? []).ToHashSet();
            return
            [
                .. TreeNode.Cover(Header.Shards.Where(shard => !twice.Contains(shard)), Job.Data.Shards),
                .. Header.Shards.Where(twice.Contains).Order().Select(TreeNode.Leaf),
                .. (Header.BackupShards ?? []).Order().Select(TreeNode.Leaf),
            ];
        }
    }

    public IReadOnlySet<Split> Splits => Enum.GetValues<Split>().Where(split => ((int)Header.Splits & (1 << (int)split)) != 0).ToHashSet();
}
