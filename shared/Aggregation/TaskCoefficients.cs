namespace DistMtl.Aggregation;

/// <summary>What each task's sums are multiplied by in an update. A task without a label in the step takes no part, whatever its rows hold.</summary>
public sealed class TaskCoefficients
{
    private readonly double?[] _own_T;

    /// <param name="weights_T">As the weighting decided, scaled.</param>
    /// <param name="labels_T">N_t, the global counts of this step.</param>
    /// <param name="ownWeights_T">Of the own parts; empty: 1 each.</param>
    public TaskCoefficients(ReadOnlySpan<double> weights_T, ReadOnlySpan<long> labels_T, ReadOnlySpan<double> ownWeights_T = default)
    {
        if (weights_T.Length != labels_T.Length || !ownWeights_T.IsEmpty && ownWeights_T.Length != labels_T.Length)
            throw new ArgumentException($"{weights_T.Length} weights and {ownWeights_T.Length} own ones do not fit {labels_T.Length} counts", nameof(weights_T));
        Tasks = labels_T.Length;
        _own_T = new double?[Tasks];
        var scales_T = GradientCombiner.MeanScales(labels_T);
        var (present, shared) = (new List<int>(Tasks), new List<double>(Tasks));
        for (var task = 0; task < Tasks; task++)
        {
            if (scales_T[task] == 0)
                continue;
            present.Add(task);
            shared.Add(weights_T[task] * scales_T[task]);
            _own_T[task] = (ownWeights_T.IsEmpty ? 1 : ownWeights_T[task]) * scales_T[task];
        }
        (Present, Shared) = ([.. present], [.. shared]);
    }

    /// <summary>T.</summary>
    public int Tasks { get; }

    /// <summary>The weighted sum of T rows side by side, of N numbers each: in double, rounded once.</summary>
    public void CombineShared(ReadOnlySpan<float> gradients_TN, Span<float> update_N)
    {
        Span<int> starts = stackalloc int[Present.Length];
        for (var i = 0; i < starts.Length; i++)
            starts[i] = Present[i] * update_N.Length;
        GradientCombiner.AddRows(gradients_TN, [], starts, Shared, update_N);
    }

    /// <summary>The update of what one task alone uses.</summary>
    public void CombineOwn(int task, ReadOnlySpan<float> gradients_N, Span<float> update_N)
    {
        if (Own(task) is { } weight)
            GradientCombiner.AddRows(gradients_N, [], [0], [weight], update_N);
        else
            update_N.Clear();
    }

    /// <summary>The tasks that take part, in order.</summary>
    internal int[] Present { get; }

    /// <summary>w_t / N_t of each of <see cref="Present"/>.</summary>
    internal double[] Shared { get; }

    /// <summary>1 / N_t, weighted where the weighting says so; null: the task takes no part.</summary>
    internal double? Own(int task) => _own_T[task];
}
