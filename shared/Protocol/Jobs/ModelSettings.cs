namespace DistMtl.Protocol.Jobs;

public enum Architecture
{
    SharedBottom,
    Mmoe,
}

/// <summary>The model's shape; all hidden layers are linear with ReLU.</summary>
/// <param name="Architecture">Which trunk the tasks share.</param>
/// <param name="Experts">MMoE: number of experts.</param>
/// <param name="Expert">MMoE: widths of each expert's layers.</param>
/// <param name="Bottom">Shared-bottom: widths of the shared layers.</param>
/// <param name="Tower">Widths of each task's own hidden layers; may be empty.</param>
/// <param name="Dropout">Rate (0 to below 1) after each hidden layer of the trunk.</param>
public sealed record ModelSettings(
    Architecture Architecture,
    int Experts,
    IReadOnlyList<int> Expert,
    IReadOnlyList<int> Bottom,
    IReadOnlyList<int> Tower,
    double Dropout)
{
    public const int DefaultExperts = 4;

    public static readonly IReadOnlyList<int> DefaultExpert = [64, 32];
    public static readonly IReadOnlyList<int> DefaultBottom = [128, 64];
    public static readonly IReadOnlyList<int> DefaultTower = [16];
}
