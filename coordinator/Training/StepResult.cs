namespace DistMtl.Coordinator.Training;

/// <summary>What one step did.</summary>
/// <param name="Losses_T">Mean over the valid labels; null where no row had the label.</param>
/// <param name="Weights_T">As used.</param>
internal sealed record StepResult(int Epoch, IReadOnlyList<double?> Losses_T, IReadOnlyList<double> Weights_T, int Rows)
{
    /// <summary>What the user should know of the step; null: nothing.</summary>
    public string? Notice { get; init; }

    /// <summary>Where workers do not wait for each other: updates that others made since this worker got its parameters.</summary>
    public int? Staleness { get; init; }
}
