namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>model:</c>.</summary>
internal static class ModelReader
{
    private static readonly NumberRange Widths = NumberRange.Between(1, 65_536);

    public static ModelSettings Read(Section section)
    {
        var architecture = section.Selector("architecture", Architecture.Mmoe);
        var mmoe = section.Only(architecture is null or Architecture.Mmoe, "belongs to architecture mmoe; a shared-bottom model has 'bottom'");
        var shared = section.Only(architecture is null or Architecture.SharedBottom, "belongs to architecture shared-bottom; an mmoe model has 'experts' and 'expert'");
        var model = new ModelSettings(
            Architecture: architecture ?? Architecture.Mmoe,
            Experts: mmoe.Whole("experts", ModelSettings.DefaultExperts, NumberRange.Between(1, 256)),
            Expert: mmoe.Wholes("expert", ModelSettings.DefaultExpert, Widths, mayBeEmpty: false),
            Bottom: shared.Wholes("bottom", ModelSettings.DefaultBottom, Widths, mayBeEmpty: false),
            Tower: section.Wholes("tower", ModelSettings.DefaultTower, Widths),
            Dropout: section.Number("dropout", 0, NumberRange.BelowOne));
        section.RefuseUnknownKeys();
        return model;
    }
}
