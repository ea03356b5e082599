using System.Collections.Immutable;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// An update rule for rows: what it does to a row depends on that row, its gradient and the step alone, by plain IEEE
/// operations in a fixed order (<see cref="Optimizers.Lanes"/>), so the bits depend neither on the other rows of the batch nor
/// on the machine's vector width.
/// </summary>
/// <param name="dim">D.</param>
internal abstract class RowRule(RowSettings settings, int dim)
{
    protected RowSettings Settings => settings;

    protected int Dim => dim;

    /// <summary>What is kept of a row behind its values: PyTorch's name, and how many numbers.</summary>
    public abstract ImmutableArray<(string Name, int Width)> State { get; }

    /// <summary>Numbers of a row: its values, then its state.</summary>
    public int Stride => dim + State.Sum(state => state.Width);

    public static RowRule Create(RowSettings settings, int dim) => settings.Kind switch
    {
        RowOptimizerKind.RowwiseAdagrad => new RowwiseAdagrad(settings, dim),
        RowOptimizerKind.Adam => new LazyAdam(settings, dim),
        RowOptimizerKind.Sgd => new RowSgd(settings, dim),
        RowOptimizerKind.Adagrad => new RowAdagrad(settings, dim),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Kind, "unknown rule for rows"),
    };

    /// <param name="slots_N">Of the gradients' rows; <see cref="RowIndex.None"/>: the row is not trained.</param>
    /// <param name="step">Of the run, 1 for the first.</param>
    /// <param name="learningRate">This step's.</param>
    public abstract void Update(RowChunks rows, ReadOnlySpan<int> slots_N, ReadOnlySpan<float> gradients_ND, int step, double learningRate);

    /// <summary>What the decay adds to a gradient for each unit of the value, and what part of the value it leaves.</summary>
    protected (float Added, float Keep) Decay(double learningRate) => settings.IsDecoupled
        ? (0, (float)(1 - learningRate * settings.WeightDecay))
        : ((float)settings.WeightDecay, 1);
}
