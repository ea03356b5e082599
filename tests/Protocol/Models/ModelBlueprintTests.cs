using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Encoders;

namespace DistMtl.Protocol.Tests.Models;

public sealed class ModelBlueprintTests
{
    private static readonly ModelInputs Inputs = new(
        DenseWidth: 3,
        Tables: [new("user", 10, 4), new("city", 5, 2), new("item", 7, 4)],
        Lookups: [new("user", 0, false), new("city", 1, false), new("item", 2, false), new("history", 2, true)],
        Tasks: [new("click", TaskKind.Binary, 1, -2), new("class", TaskKind.Multiclass, 3, 0)]);

    [Fact]
    public void The_inputs_width_counts_every_lookup() => Assert.Equal(3 + 4 + 2 + 4 + 4, Inputs.InputWidth);

    [Fact]
    public void Mmoe_shares_tables_and_experts_and_owns_gates_and_towers()
    {
        var layout = ModelBlueprint.Create(new ModelSettings(Architecture.Mmoe, 3, [8, 6], [], [4], 0), Inputs).Layout;
        var shared = layout.Entries.Where(e => e.Task is null).Select(e => e.Name);
        Assert.Equal(
            ["embedding.user", "embedding.item", "embedding.city", "experts.0.weight", "experts.0.bias", "experts.1.weight", "experts.1.bias"], shared);
        Assert.Equal(
            ["gate.click.weight", "gate.click.bias", "tower.click.0.weight", "tower.click.0.bias", "head.click.weight", "head.click.bias"],
            layout.Entries.Where(e => e.Task == 0).Select(e => e.Name));
        Assert.Equal([17, 24], layout.Entries.Single(e => e.Name == "experts.0.weight").Shape);
        Assert.Equal([3, 8, 6], layout.Entries.Single(e => e.Name == "experts.1.weight").Shape);
        Assert.Equal([4, 3], layout.Entries.Single(e => e.Name == "head.class.weight").Shape);
    }

    [Fact]
    public void A_model_of_more_parameters_than_can_be_counted_is_refused() => Assert.StartsWith(
        "the model has more than 2147483647 parameters",
        Assert.Throws<JobException>(() => ModelBlueprint.Create(new ModelSettings(Architecture.Mmoe, 256, [65_536, 65_536], [], [4], 0), Inputs)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_binary_head_begins_at_the_training_rate() =>
        Assert.Equal(-2, Parameters(7)["head.click.bias"].Single());

    [Fact]
    public void First_parameters_depend_on_seed_and_name_alone()
    {
        var (first, again, other) = (Parameters(7), Parameters(7), Parameters(8));
        Assert.Equal(first["embedding.user"], again["embedding.user"]);
        Assert.NotEqual(first["embedding.user"], other["embedding.user"]);
        Assert.NotEqual(first["embedding.user"][..28], first["embedding.item"]);
    }

    [Fact]
    public void Hidden_layers_begin_within_He_s_bound()
    {
        var weight = Parameters(7)["bottom.0.weight"];
        var bound = MathF.Sqrt(6f / Inputs.InputWidth);
        Assert.All(weight, w => Assert.InRange(w, -bound, bound));
        Assert.InRange(weight.Max(), 0.9f * bound, bound);
    }

    [Fact]
    public void An_encoder_s_parameters_are_named_by_its_feature_and_lie_behind_the_tables()
    {
        var names = Names(Architecture.SharedBottom, EncoderKind.Gru, new EncoderSettings { Hidden = 6 });
        Assert.Equal(
            [
                "embedding.user", "embedding.item", "embedding.city",
                "encoder.history.0.input.weight", "encoder.history.0.input.bias", "encoder.history.0.state.weight", "encoder.history.0.state.bias",
                "bottom.0.weight",
            ],
            names.Take(8));
    }

    [Fact]
    public void Every_task_of_a_single_task_model_has_an_encoder_of_its_own()
    {
        var layout = ModelBlueprint.Create(Model(Architecture.SingleTask), With(EncoderKind.Lstm, new EncoderSettings { Hidden = 6 })).Layout;
        Assert.Equal(
            [("click.encoder.history.0.state.weight", 0), ("class.encoder.history.0.state.weight", 1)],
            layout.Entries.Where(e => e.Name.EndsWith("history.0.state.weight", StringComparison.Ordinal)).Select(e => (e.Name, e.Task!.Value)));
    }

    [Theory]
    [InlineData(EncoderKind.Gru, 6)]
    [InlineData(EncoderKind.Din, 4)]
    [InlineData(EncoderKind.Transformer, 6)]
    [InlineData(EncoderKind.Cnn, 9)]
    public void The_trunk_s_input_is_as_wide_as_the_encoders_make_it(EncoderKind kind, int width)
    {
        var inputs = With(kind, new EncoderSettings { Hidden = 6, Windows = [1, 2, 3], Filters = 3 });
        Assert.Equal(3 + 4 + 2 + 4 + width, inputs.InputWidth);
        var layout = ModelBlueprint.Create(Model(Architecture.SharedBottom), inputs).Layout;
        Assert.Equal([inputs.InputWidth, 8], layout.Entries.Single(e => e.Name == "bottom.0.weight").Shape);
    }

    [Fact]
    public void Frozen_tables_lie_apart_from_those_that_learn()
    {
        var inputs = Inputs with { Tables = [Inputs.Tables[0] with { LearningRate = 0 }, Inputs.Tables[1], Inputs.Tables[2] with { LearningRate = 0.5 }] };
        var blueprint = ModelBlueprint.Create(Model(Architecture.SharedBottom), inputs);
        Assert.Equal([["embedding.user"], ["embedding.city"], ["embedding.item"]], blueprint.Inputs[0].Tables.Select(group => group.Names));
        Assert.Equal([0, null, 0.5, null], blueprint.Layout.Entries.Take(4).Select(e => e.LearningRate));
    }

    private static IEnumerable<string> Names(Architecture architecture, EncoderKind kind, EncoderSettings settings) =>
        ModelBlueprint.Create(Model(architecture), With(kind, settings)).Layout.Entries.Select(e => e.Name);

    private static ModelSettings Model(Architecture architecture) => new(architecture, 1, [], [8], [4], 0);

    /// <summary>The history encoded in another way.</summary>
    private static ModelInputs With(EncoderKind kind, EncoderSettings settings) => Inputs with
    {
        Lookups = [.. Inputs.Lookups.Take(3), Inputs.Lookups[3] with { Encoding = new SequenceEncoding(kind, settings, 10, IsText: false) { Target = (2, 2) } }],
    };

    private static Dictionary<string, float[]> Parameters(ulong seed)
    {
        var layout = ModelBlueprint.Create(new ModelSettings(Architecture.SharedBottom, 1, [], [8], [4], 0), Inputs).Layout;
        var parameters_P = InitialParameters.Draw(layout, seed);
        return layout.Entries.ToDictionary(e => e.Name, e => parameters_P.AsSpan(e.Offset, e.Length).ToArray());
    }
}
