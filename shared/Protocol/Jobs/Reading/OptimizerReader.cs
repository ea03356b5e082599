namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>optimizer:</c>.</summary>
internal static class OptimizerReader
{
    public static OptimizerSettings Read(Section section)
    {
        var kind = section.Choice<OptimizerKind>("kind");
        var isUnknown = kind is null && section.Has("kind");
        var chosen = kind ?? OptimizerKind.Adam;
        var optimizer = new OptimizerSettings(
            Kind: chosen,
            LearningRate: section.Number("learningRate", OptimizerSettings.DefaultLearningRateOf(chosen), NumberRange.Positive),
            WeightDecay: section.Number("weightDecay", OptimizerSettings.DefaultWeightDecayOf(chosen), NumberRange.AtLeast(0)),
            Beta1: Of(OptimizerKind.Adam, OptimizerKind.AdamW).Number("beta1", OptimizerSettings.DefaultBeta1, NumberRange.BelowOne),
            Beta2: Of(OptimizerKind.Adam, OptimizerKind.AdamW).Number("beta2", OptimizerSettings.DefaultBeta2, NumberRange.BelowOne),
            Epsilon: Of(OptimizerKind.Adam, OptimizerKind.AdamW, OptimizerKind.Adagrad).Number("epsilon", OptimizerSettings.DefaultEpsilonOf(chosen), NumberRange.Positive),
            Momentum: Of(OptimizerKind.Sgd).Number("momentum", 0, NumberRange.BelowOne));
        section.RefuseUnknownKeys();
        return optimizer;

        Section Of(params OptimizerKind[] kinds) => section.Only(
            isUnknown || kinds.Contains(chosen),
            $"belongs to kind {string.Join(", ", kinds.Select(EnumWords.Of))}, but the optimizer's kind is {EnumWords.Of(chosen)}");
    }
}
