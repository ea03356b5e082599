namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>training.compression</c>: a map, or its kind alone.</summary>
internal static class CompressionReader
{
    public static CompressionSettings Read(Section training, OptimizerSettings optimizer)
    {
        if (training.HasText("compression"))
            return new CompressionSettings(training.Choice<CompressionKind>("compression") ?? CompressionKind.None);
        if (training.Map("compression") is not { } section)
            return CompressionSettings.None;
        var kind = section.RequiredChoice<CompressionKind>("kind");
        var chosen = kind ?? CompressionKind.None;
        var topK = Of(CompressionKind.TopK);
        var compression = new CompressionSettings(chosen)
        {
            Block = Of(CompressionKind.Int8).Whole("block", CompressionSettings.DefaultBlock, NumberRange.Between(CompressionSettings.MinBlock, CompressionSettings.MaxBlock)),
            ErrorFeedback = Of(CompressionKind.Int8).Flag("errorFeedback", true),
            Ratio = topK.Number("ratio", CompressionSettings.DefaultRatio, NumberRange.OpenUnit),
            Momentum = Momentum(),
            ClipNorm = topK.Number("clipNorm", NumberRange.Positive),
            WarmupEpochs = topK.Whole("warmupEpochs", 0, NumberRange.AtLeast(0)),
            WarmupSteps = topK.Whole("warmupSteps", 0, NumberRange.AtLeast(0)),
            Rank = Of(CompressionKind.PowerSgd).Whole("rank", CompressionSettings.DefaultRank, NumberRange.Between(1, CompressionSettings.MaxRank)),
        };
        if (compression is { WarmupEpochs: > 0, WarmupSteps: > 0 })
            section.Report("warmupSteps", "a warm-up takes either warmupEpochs or warmupSteps");
        section.RefuseUnknownKeys();
        return compression;

        Section Of(CompressionKind owner) => section.Only(
            kind is null || chosen == owner,
            $"belongs to kind {EnumWords.Of(owner)}, but the compression's kind is {EnumWords.Of(chosen)}");

        double? Momentum() => kind is not null && chosen != CompressionKind.TopK
            ? topK.Number("momentum", NumberRange.BelowOne)
            : section
                .Only(optimizer.Kind == OptimizerKind.Sgd, $"needs the optimizer's kind sgd, whose momentum the shards take over, but it is {EnumWords.Of(optimizer.Kind)}")
                .Number("momentum", NumberRange.BelowOne);
    }
}
