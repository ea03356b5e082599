using System.Buffers;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Numerics.Tensors;
using DistMtl.Aggregation;
using DistMtl.Aggregation.Compression;
using DistMtl.Data;
using DistMtl.Learning;
using DistMtl.ParameterServers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Tracing;
using DistMtl.Transport;

namespace DistMtl.Worker.Jobs;

/// <summary>
/// The data shards of one worker and the model they train: parameters in, sums of whole subtrees out. Runs on the
/// torch thread. A shard's micro-batch is computed on its own, as it is, wherever it lives: the bits of a matrix product
/// depend on its number of rows.
/// </summary>
internal sealed class ShardTrainer : IDisposable
{
    /// <summary>In an error.</summary>
    private const int RowsNamed = 5;

    private readonly JobPlan _plan;
    private readonly string _worker;
    private readonly IReadOnlyDictionary<int, ShardRows> _rows;
    private readonly Learner _learner;
    private readonly IReadOnlyDictionary<int, LocalSteps> _local;
    private readonly KeptSums? _kept;

    private ShardTrainer(JobPlan plan, string worker, IReadOnlyDictionary<int, ShardRows> rows, KeptSums kept, Learner learner, ModelBlueprint blueprint)
    {
        _plan = plan;
        _worker = worker;
        _rows = rows;
        _learner = learner;
        Shape = ServerShape.Of(plan.Job, blueprint, plan.Header.Generation, plan.Header.PerTask, plan.Header.StepsPerEpoch);
        Compressors = Shape.Compression is { } compression
            ? plan.Header.Shards.ToDictionary(shard => shard, shard => new ShardCompressor(compression, shard))
            : new Dictionary<int, ShardCompressor>();
        _local = plan.Job.Training.LocalSteps > 1 ? plan.Header.Shards.ToDictionary(shard => shard, _ => new LocalSteps(plan, blueprint)) : new Dictionary<int, LocalSteps>();
        _kept = CanKeepSums ? kept : null;
        Batches = new BatchSource(plan, rows, new TouchedRows(blueprint.ModelInputs));
    }

    public JobPlan Plan => _plan;

    public ParameterLayout Layout => _learner.Layout;

    public ServerShape Shape { get; }

    public BatchSource Batches { get; }

    /// <summary>By shard; empty where gradients travel as they are.</summary>
    public IReadOnlyDictionary<int, ShardCompressor> Compressors { get; }

    public long Generation => _plan.Header.Generation;

    public IReadOnlyList<int> Shards => _plan.Header.Shards;

    public static ShardTrainer Create(JobPlan plan, string worker, ShardStore store, CancellationToken cancellation)
    {
        var device = TorchRuntime.Start(plan.Job.Training.Device);
        var rows = store.Load(plan, cancellation);
        var inputs = plan.Schema.ToModelInputs(plan.Job.Embeddings);
        return new ShardTrainer(plan, worker, rows, store.Sums, new Learner(plan.Job.Model, inputs, device), ModelBlueprint.Create(plan.Job.Model, inputs));
    }

    /// <summary>
    /// Whether a step's sums are the same in the next generation, and all that the step leaves behind here. Compression changes them as
    /// they are sent, local steps and held rows leave more behind, and workers that do not wait for each other have no step in common.
    /// </summary>
    private bool CanKeepSums => _plan is { Header.Run: not null, Job.Training: { Mode: TrainingMode.Synchronous, LocalSteps: 1, Compression.Kind: CompressionKind.None } } && !Shape.HoldsRows;

    /// <param name="first">The micro-batches of the plan's first step.</param>
    public ReadyHeader Ready(StepBatch first) =>
        new(Generation, [.. Shards], [.. Shards.Select(shard => _rows[shard].Train.Count)], first.Labels_T);

    public void Load(ReadOnlySpan<float> parameters_P)
    {
        using var span = TraceSource.Worker.Begin("load parameters", "torch");
        _learner.Load(parameters_P);
    }

    /// <summary>What a shard keeps from step to step: of compression, of local steps; empty for most jobs.</summary>
    public IReadOnlyDictionary<string, float[]> StateOf(int shard) =>
        (Compressors.GetValueOrDefault(shard)?.State ?? ReadOnlyDictionary<string, float[]>.Empty)
        .Concat(_local.GetValueOrDefault(shard)?.State ?? ReadOnlyDictionary<string, float[]>.Empty)
        .ToDictionary();

    /// <summary>Goes on from a checkpoint.</summary>
    /// <param name="step">The step that comes next.</param>
    /// <exception cref="InvalidDataException">The state is another job's.</exception>
    public void Restore(int shard, int step, IReadOnlyDictionary<string, float[]> state)
    {
        if (Compressors.GetValueOrDefault(shard) is { } compressor)
            compressor.Restore(step, state.Where(vector => compressor.State.ContainsKey(vector.Key)).ToDictionary());
        if (_local.GetValueOrDefault(shard) is { } local)
            local.Restore(step, state.Where(vector => local.State.ContainsKey(vector.Key)).ToDictionary());
    }

    /// <summary>A step begins: sums that are kept of another one are let go.</summary>
    public void Begin(WorkHeader work) => _kept?.Begin(_plan.Header.Run!, work);

    /// <summary>The gradients of one subtree in one step, added up.</summary>
    /// <param name="parameters_P">That are loaded.</param>
    /// <param name="values">Of the rows that the subtree touches, as the servers gave them.</param>
    public NodeSum Train(WorkHeader work, NodeBatch batch, float[] parameters_P, ReadOnlyMemory<float> values)
    {
        var pulled = new PulledRows(batch.Touched, values);
        var reducer = new TreeReducer(_plan.Job.Data.Shards, sum => ArrayPool<float>.Shared.Return(sum.Gradients));
        var held = Shape.HoldsRows ? new HeldRows(Shape.ComputedTables, batch.Touched, _plan.Job.Data.Shards) : null;
        foreach (var (node, kept) in _kept?.Take(_plan.Header.Run!, work, batch.Node, _plan.Job.Data.Shards) ?? [])
            reducer.Add(node, Extend(kept, batch.Touched));
        var keptShards = reducer.Counted;
        foreach (var shard in batch.Shards)
        {
            if (!reducer.HasLeaf(TreeNode.Leaf(shard.Shard)))
                reducer.Add(TreeNode.Leaf(shard.Shard), Train(work, shard, parameters_P, pulled, held));
        }
        var sum = reducer.Pending.Single().Sum;
        _kept?.Keep(_plan.Header.Run!, work, batch.Node, new KeptSum(batch.Touched, sum));
        return new NodeSum(sum, held, keptShards);
    }

    /// <summary>A sum has been sent: its buffer can be used again, unless it is kept.</summary>
    public void Release(PartialSum sum)
    {
        if (_kept is null)
            ArrayPool<float>.Shared.Return(sum.Gradients);
    }

    /// <summary>A shard's rows of the split that a kind of work predicts.</summary>
    public EncodedRows RowsOf(WorkKind kind, int shard) => kind == WorkKind.Validate ? _rows[shard].Validation : _rows[shard].Test;

    /// <returns>Task by task the predictions of some rows.</returns>
    public float[][] Predict(EncodedRows rows, PulledRows pulled) => _learner.Predict(rows, pulled);

    public void Dispose() => _learner.Dispose();

    /// <summary>A part's sum among the rows that the whole touches.</summary>
    private PartialSum Extend(KeptSum kept, RowLists touched)
    {
        if (touched.Count == kept.Touched.Count)
            return kept.Sum;
        var (flat, tables) = (Shape.Gradient.Length, Shape.ComputedTables);
        var length = flat + tables.GradientsLength(touched);
        var gradients = ArrayPool<float>.Shared.Rent(length);
        kept.Sum.GradientSpan[..flat].CopyTo(gradients);
        RowMerge.Of(kept.Touched, touched).Extend(tables, kept.Sum.GradientSpan[flat..], gradients.AsSpan(flat, length - flat));
        ArrayPool<float>.Shared.Return(kept.Sum.Gradients);
        return new PartialSum(gradients, length, kept.Sum.Totals);
    }

    private PartialSum Train(WorkHeader work, ShardBatch batch, float[] parameters_P, PulledRows pulled, HeldRows? held)
    {
        using var span = TraceSource.Worker.Begin("backward", "torch", work.Version, batch.Shard);
        var length = Shape.Gradient.Length + Shape.ComputedTables.GradientsLength(pulled.Rows);
        var gradients = ArrayPool<float>.Shared.Rent(length);
        var lossSums_T = new double[_plan.Job.Tasks.Count];
        if (_local.GetValueOrDefault(batch.Shard) is { } local)
        {
            var losses_T = local.Run(
                work.Version, batch, _learner, parameters_P, work.Coefficients_T ?? throw new FrameException("local steps without task weights"),
                place => SeedOf(work, batch.Shard, place), gradients.AsSpan(0, length));
            losses_T.CopyTo(lossSums_T, 0);
        }
        else
            Accumulate(work, batch, pulled, lossSums_T, gradients.AsSpan(0, length));
        var notFinite = NotFinite(work, batch, pulled, lossSums_T, gradients.AsSpan(0, length));
        if (notFinite is not null)
        {
            if (_plan.Job.Training.OnNonFinite == NonFiniteAction.Fail)
                throw new JobException($"{notFinite}; a smaller optimizer.learningRate usually helps, or training.onNonFinite: skip", ExitCode.TrainingFailed);
            gradients.AsSpan(0, length).Clear();
            Array.Clear(lossSums_T);
        }
        held?.Add(batch.Shard, gradients.AsSpan(Shape.Gradient.Length..length));
        return new PartialSum(gradients, held is null ? length : Shape.Gradient.Length, new StepTotals(lossSums_T, batch.Labels_T, batch.Rows, new long[lossSums_T.Length]) { NotFinite = notFinite });
    }

    /// <summary>
    /// The sums over the micro-batch, computed in <c>training.accumulate</c> portions of it one after another: portion i
    /// of n has rows floor(B i / n) .. floor(B (i + 1) / n), so a device holds the activations of one portion at a time.
    /// </summary>
    private void Accumulate(WorkHeader work, ShardBatch batch, PulledRows pulled, double[] lossSums_T, Span<float> gradients)
    {
        var all = batch.Batches.Single();
        var (portions, count) = (_plan.Job.Training.Accumulate, all.Count);
        if (portions > 1 || count == 0)
            gradients.Clear();
        var portionGradients = portions == 1 ? null : ArrayPool<float>.Shared.Rent(gradients.Length);
        for (var portion = 0; portion < portions; portion++)
        {
            var (begin, end) = ((int)((long)count * portion / portions), (int)((long)count * (portion + 1) / portions));
            if (begin == end)
                continue;
            var rows = portions == 1 ? all : all.Gather([.. Enumerable.Range(begin, end - begin)]);
            var sum = portionGradients is null ? gradients : portionGradients.AsSpan(0, gradients.Length);
            var portionLosses_T = Differentiate(work, batch.Shard, portion, rows, pulled, sum);
            if (portionGradients is not null)
                TensorPrimitives.Add(gradients, sum, gradients);
            TensorPrimitives.Add(lossSums_T, portionLosses_T, lossSums_T);
        }
        if (portionGradients is not null)
            ArrayPool<float>.Shared.Return(portionGradients);
    }

    private double[] Differentiate(WorkHeader work, int shard, int portion, EncodedRows rows, PulledRows pulled, Span<float> gradients)
    {
        var seed = SeedOf(work, shard, portion);
        return work.Coefficients_T is { } coefficients_T
            ? _learner.CombinedGradient(rows, pulled, seed, coefficients_T, gradients)
            : _learner.TaskGradients(rows, pulled, seed, gradients);
    }

    /// <summary>Masks of a portion's own: the same for all would drop the same units of the first row of each.</summary>
    private ulong SeedOf(WorkHeader work, int shard, int portion) => portion == 0
        ? StableHash.Mix(_plan.Job.Seed, (ulong)work.Version, (ulong)shard)
        : StableHash.Mix(_plan.Job.Seed, (ulong)work.Version, (ulong)shard, (ulong)portion);

    /// <summary>What of a shard's step is no finite number, told here, where it can still be named.</summary>
    /// <returns>Null: all is finite.</returns>
    private string? NotFinite(WorkHeader work, ShardBatch batch, PulledRows pulled, double[] lossSums_T, ReadOnlySpan<float> gradients)
    {
        if (Fault(work, lossSums_T, gradients) is not { } what)
            return null;
        var where = $"{what} at step {work.Version + 1} on shard {batch.Shard} (worker {_worker})";
        return batch.Batches.Count > 1 ? where : $"{where}, {Rows(work, batch, pulled)}";
    }

    private string? Fault(WorkHeader work, double[] lossSums_T, ReadOnlySpan<float> gradients)
    {
        for (var task = 0; task < lossSums_T.Length; task++)
        {
            if (!double.IsFinite(lossSums_T[task]))
                return $"the loss of task '{_plan.Job.Tasks[task].Name}' is {lossSums_T[task].ToString(CultureInfo.InvariantCulture)}";
        }
        if (float.IsFinite(TensorPrimitives.Sum(gradients)))
            return null;
        for (var task = 0; work.Coefficients_T is null && task < lossSums_T.Length; task++)
        {
            if (!float.IsFinite(TensorPrimitives.Sum(gradients.Slice(task * Layout.SharedLength, Layout.SharedLength))))
                return $"the gradient of task '{_plan.Job.Tasks[task].Name}' is not finite";
        }
        return "a gradient is not finite";
    }

    /// <summary>The rows whose own loss or gradient is not finite: each is computed alone.</summary>
    private string Rows(WorkHeader work, ShardBatch batch, PulledRows pulled)
    {
        var (rows, numbers, bad) = (batch.Batches.Single(), Batches.RowNumbers(batch.Shard, work.Version), new List<int>());
        var gradients = new float[Shape.Gradient.Length + Shape.ComputedTables.GradientsLength(pulled.Rows)];
        for (var row = 0; row < rows.Count; row++)
        {
            if (Fault(work, Differentiate(work, batch.Shard, 0, rows.Gather([row]), pulled, gradients), gradients) is not null)
                bad.Add(numbers[row]);
        }
        var of = $"of the shard's {_rows[batch.Shard].Train.Count} training rows (0 is the first in the file)";
        return bad.Count == 0 ? "where no row alone is at fault, but all together"
            : bad.Count == rows.Count ? $"where every row is at fault, so that it is the parameters; the first is row {bad[0]} {of}"
            : $"row {string.Join(", ", bad.Take(RowsNamed))}{(bad.Count > RowsNamed ? $" and {bad.Count - RowsNamed} more" : "")} {of}";
    }
}

/// <summary>What a worker has computed of one subtree in one step.</summary>
/// <param name="Sum">Of all gradients; where rows wait for the tasks' weights, of the flat parameters'. Its buffer is pooled.</param>
/// <param name="Held">The rows' gradients that wait; null: none.</param>
/// <param name="Kept">Shards that had been computed before, in an earlier generation.</param>
internal sealed record NodeSum(PartialSum Sum, HeldRows? Held, int Kept);
