using DistMtl.Protocol.Jobs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace DistMtl.Learning;

/// <summary>The loss of one task, summed (never averaged) over the rows that have its label, and its predictions.</summary>
internal static class TaskLoss
{
    private const long Ignored = -100;

    /// <param name="logits_BO">The head's output.</param>
    /// <param name="labels_B">NaN where the row lacks the label.</param>
    /// <returns>A scalar: the sum over valid labels.</returns>
    public static Tensor Sum(TaskKind kind, Tensor logits_BO, Tensor labels_B)
    {
        var missing_B = labels_B.isnan();
        switch (kind)
        {
            case TaskKind.Binary:
                return functional.binary_cross_entropy_with_logits(
                    logits_BO.squeeze(-1), labels_B.masked_fill(missing_B, 0), missing_B.logical_not().to(ScalarType.Float32), Reduction.Sum);
            case TaskKind.Multiclass:
                return functional.cross_entropy(
                    logits_BO, labels_B.masked_fill(missing_B, Ignored).to(ScalarType.Int64), ignore_index: Ignored, reduction: Reduction.Sum);
            case TaskKind.Regression:
                return (logits_BO.squeeze(-1) - labels_B).masked_fill(missing_B, 0).square().sum();
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    /// <returns>Probabilities (binary B x 1, multiclass B x C) or standardised values (regression B x 1).</returns>
    public static Tensor Predict(TaskKind kind, Tensor logits_BO) => kind switch
    {
        TaskKind.Binary => logits_BO.sigmoid(),
        TaskKind.Multiclass => logits_BO.softmax(-1),
        TaskKind.Regression => logits_BO,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
