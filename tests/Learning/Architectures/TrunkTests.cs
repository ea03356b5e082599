using DistMtl.Data;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using static DistMtl.Learning.Tests.Architectures.RowMath;

namespace DistMtl.Learning.Tests.Architectures;

/// <summary>Each architecture beside its paper's formulas, computed row by row in double.</summary>
public sealed class TrunkTests
{
    private const int RowCount = 7;
    private static readonly string[] Tasks = ["click", "cart", "rating"];

    private static readonly ModelInputs Inputs = new(
        DenseWidth: 5,
        Tables: [],
        Lookups: [],
        Tasks: [new("click", TaskKind.Binary, 1, -1), new("cart", TaskKind.Binary, 1, -2), new("rating", TaskKind.Regression, 1, 0)])
    {
        Domains = 2,
    };

    private static readonly ModelInputs Funnel = Inputs with
    {
        Tasks = [Inputs.Tasks[0], Inputs.Tasks[1] with { After = [0] }, new("purchase", TaskKind.Binary, 1, -3) { After = [1] }],
    };

    [Fact]
    public void A_single_task_model_is_a_model_for_each_task() => Check(Model(Architecture.SingleTask), Inputs, (math, x, _) =>
        [.. Tasks.Select(task => math.Logit(task, math.Mlp($"bottom.{task}", x, 2)))]);

    [Fact]
    public void A_shared_bottom_is_one_stack_of_layers() => Check(Model(Architecture.SharedBottom), Inputs, (math, x, _) =>
        [.. Tasks.Select(task => math.Logit(task, math.Mlp("bottom", x, 2)))]);

    [Fact]
    public void Mmoe_mixes_experts_by_a_gate_for_each_task() => Check(Model(Architecture.Mmoe), Inputs, (math, x, _) =>
        [.. Tasks.Select(task => math.Logit(task, Mix(Softmax(math.Linear($"gate.{task}", x)), math.Experts("experts", 4, x))))]);

    [Fact]
    public void Omoe_mixes_experts_by_one_gate() => Check(Model(Architecture.Omoe), Inputs, (math, x, _) =>
        [.. Tasks.Select(task => math.Logit(task, Mix(Softmax(math.Linear("gate", x)), math.Experts("experts", 4, x))))]);

    [Theory]
    [InlineData(1)]
    [InlineData(0.05)]
    public void DSelect_k_mixes_experts_by_the_bits_of_their_numbers(double smoothStep) =>
        Check(Model(Architecture.DselectK) with { Selected = 2, SmoothStep = smoothStep }, Inputs, (math, x, _) => [.. Tasks.Select(task =>
        {
            var bits = math.Linear($"selector.{task}", x);
            var mixer = Softmax(math.Linear($"mixer.{task}", x));
            var weights = new double[4];
            for (var selector = 0; selector < 2; selector++)
            {
                var (high, low) = (SmoothStep(bits[2 * selector], smoothStep), SmoothStep(bits[2 * selector + 1], smoothStep));
                for (var expert = 0; expert < 4; expert++)
                    weights[expert] += mixer[selector] * ((expert & 2) != 0 ? high : 1 - high) * ((expert & 1) != 0 ? low : 1 - low);
            }
            return math.Logit(task, Mix(weights, math.Experts("experts", 4, x)));
        })]);

    [Fact]
    public void Cgc_gates_over_a_tasks_own_experts_and_the_shared_ones() => Check(Model(Architecture.Cgc), Inputs, (math, x, _) =>
        [.. Tasks.Select(task => math.Logit(task, Mix(
            Softmax(math.Linear($"level.0.gate.{task}", x)),
            [.. math.Experts($"level.0.experts.{task}", 2, x), .. math.Experts("level.0.experts", 4, x)])))]);

    [Fact]
    public void Ple_extracts_level_by_level() => Check(Model(Architecture.Ple) with { Levels = 3 }, Inputs, (math, x, _) =>
    {
        var (shared, own) = (x, Tasks.ToDictionary(task => task, _ => x));
        for (var level = 0; level < 3; level++)
        {
            var sharedExperts = math.Experts($"level.{level}.experts", 4, shared);
            var experts = Tasks.ToDictionary(task => task, task => math.Experts($"level.{level}.experts.{task}", 2, own[task]));
            own = Tasks.ToDictionary(task => task, task =>
                Mix(Softmax(math.Linear($"level.{level}.gate.{task}", own[task])), [.. experts[task], .. sharedExperts]));
            if (level < 2)
                shared = Mix(Softmax(math.Linear($"level.{level}.gate", shared)), [.. Tasks.SelectMany(task => experts[task]), .. sharedExperts]);
        }
        return [.. Tasks.Select(task => math.Logit(task, own[task]))];
    });

    [Fact]
    public void Adatt_fuses_all_experts_beside_a_tasks_own() => Check(Model(Architecture.Adatt), Inputs, (math, x, _) =>
    {
        var (shared, own) = (x, Tasks.ToDictionary(task => task, _ => x));
        for (var level = 0; level < 2; level++)
        {
            var sharedExperts = math.Experts($"level.{level}.experts", 4, shared);
            var experts = Tasks.ToDictionary(task => task, task => math.Experts($"level.{level}.experts.{task}", 2, own[task]));
            double[][] all = [.. Tasks.SelectMany(task => experts[task]), .. sharedExperts];
            own = Tasks.ToDictionary(task => task, task => Plus(
                Mix(Softmax(math.Linear($"level.{level}.gate.{task}", own[task])), all),
                Mix(math[$"level.{level}.native.{task}"], experts[task])));
            if (level < 1)
                shared = Mix(Softmax(math.Linear($"level.{level}.gate", shared)), sharedExperts);
        }
        return [.. Tasks.Select(task => math.Logit(task, own[task]))];
    });

    [Fact]
    public void Cross_stitch_mixes_the_columns_after_each_layer() => Check(Model(Architecture.CrossStitch), Inputs, (math, x, _) =>
    {
        double[][] hidden = [x, x, x];
        for (var layer = 0; layer < 2; layer++)
        {
            double[][] columns = [.. Tasks.Select((task, t) => Relu(math.Linear($"column.{task}.{layer}", hidden[t])))];
            hidden = [.. Tasks.Select((_, t) =>
                Mix([.. Tasks.Select((_, other) => (t == other ? 0.9 : 0.05) + math.Block($"stitch.{layer}", t)[other])], columns))];
        }
        return [.. Tasks.Select((task, t) => math.Logit(task, hidden[t]))];
    });

    [Fact]
    public void Mtan_masks_each_shared_layer_for_each_task() => Check(Model(Architecture.Mtan), Inputs, (math, x, _) =>
    {
        var first = Relu(math.Linear("bottom.0", x));
        var second = Relu(math.Linear("bottom.1", first));
        return [.. Tasks.Select(task =>
        {
            var masked = Masked(math, $"attention.{task}.0", first, first);
            var features = Relu(math.Linear("attention.0.features", masked));
            return math.Logit(task, Masked(math, $"attention.{task}.1", [.. second, .. features], second));
        })];
    });

    [Fact]
    public void Esmm_multiplies_probabilities_along_the_funnel() => Check(Model(Architecture.Esmm), Funnel, (math, x, _) =>
    {
        var (path, probability) = (new List<double>(), 1.0);
        foreach (var task in Funnel.Tasks)
        {
            probability *= Sigmoid(math.Logit(task.Name, math.Mlp($"bottom.{task.Name}", x, 2)));
            path.Add(Math.Log(probability / (1 - probability)));
        }
        return [.. path];
    });

    [Fact]
    public void Esmm_predicts_a_task_whose_labels_are_conditional_where_those_before_it_are_1() => Check(
        Model(Architecture.Esmm),
        Funnel with { Tasks = [Funnel.Tasks[0], Funnel.Tasks[1], Funnel.Tasks[2] with { IsConditional = true }] },
        (math, x, _) =>
        {
            double[] own = [.. Funnel.Tasks.Select(task => math.Logit(task.Name, math.Mlp($"bottom.{task.Name}", x, 2)))];
            var path = Sigmoid(own[0]) * Sigmoid(own[1]);
            return [own[0], Math.Log(path / (1 - path)), own[2]];
        });

    [Fact]
    public void Aitm_attends_to_what_is_handed_over_and_to_its_own_features() => Check(Model(Architecture.Aitm), Funnel, (math, x, _) =>
    {
        var (logits, before) = (new List<double>(), Array.Empty<double>());
        foreach (var task in Funnel.Tasks)
        {
            var own = math.Mlp($"bottom.{task.Name}", x, 2);
            if (before.Length > 0)
            {
                var transfer = $"transfer.{task.Name}";
                double[][] both = [Relu(math.Linear($"{transfer}.information", before)), own];
                var scores = both.Select(u => Dot(math.Linear($"{transfer}.key", u), math.Linear($"{transfer}.query", u)) / Math.Sqrt(own.Length)).ToArray();
                own = Mix(Softmax(scores), [.. both.Select(u => math.Linear($"{transfer}.value", u))]);
            }
            logits.Add(math.Logit(task.Name, own));
            before = own;
        }
        return [.. logits];
    });

    [Fact]
    public void A_star_multiplies_the_centres_layers_by_the_domains() => Check(Model(Architecture.Star), Inputs, (math, x, domain) =>
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + 1e-5);
        var hidden = x.Select((value, i) => (value - mean) / deviation * Factor("domain.norm.weight", "norm.weight", i) + Sum("domain.norm.bias", "norm.bias", i)).ToArray();
        for (var layer = 0; layer < 2; layer++)
        {
            var (weights, biases) = (math[$"bottom.{layer}.weight"], math[$"bottom.{layer}.bias"]);
            hidden = Relu(Affine(
                hidden,
                [.. weights.Select((_, i) => Factor($"domain.{layer}.weight", $"bottom.{layer}.weight", i))],
                [.. biases.Select((_, i) => Sum($"domain.{layer}.bias", $"bottom.{layer}.bias", i))]));
        }
        hidden = Plus(hidden, math.Mlp("auxiliary", [.. math.Block("domain.indicator", domain < 0 ? 2 : domain), .. x], 1));
        return [.. Tasks.Select(task => math.Logit(task, hidden))];

        double Factor(string own, string shared, int i) => math[shared][i] * (domain < 0 ? 1 : 1 + math.Block(own, domain)[i]);
        double Sum(string own, string shared, int i) => math[shared][i] + (domain < 0 ? 0 : math.Block(own, domain)[i]);
    });

    [Fact]
    public void A_shared_plus_domain_model_adds_the_domains_bottom() => Check(Model(Architecture.SharedDomain), Inputs, (math, x, domain) =>
    {
        var own = x;
        for (var layer = 0; layer < 2 && domain >= 0; layer++)
            own = Relu(Affine(own, math.Block($"domain.{layer}.weight", domain), math.Block($"domain.{layer}.bias", domain)));
        var hidden = math.Mlp("bottom", x, 2);
        return [.. Tasks.Select(task => math.Logit(task, domain < 0 ? hidden : Plus(hidden, own)))];
    });

    [Fact]
    public void A_task_takes_the_tower_of_those_it_comes_after() => Check(Model(Architecture.SharedBottom) with { Tower = [3] }, Funnel, (math, x, _) =>
    {
        var (logits, before, hidden) = (new List<double>(), Array.Empty<double>(), math.Mlp("bottom", x, 2));
        foreach (var task in Funnel.Tasks)
        {
            before = math.Mlp($"tower.{task.Name}", [.. hidden, .. before], 1);
            logits.Add(math.Logit(task.Name, before));
        }
        return [.. logits];
    });

    private static ModelSettings Model(Architecture architecture) => new(architecture, 4, [6, 3], [6, 4], [], 0);

    /// <summary>Every logit of the program is the formula's, with parameters that are all at work (no zero among them).</summary>
    private static void Check(ModelSettings model, ModelInputs inputs, Func<RowMath, double[], int, double[]> formula)
    {
        using var learner = new Learner(model, inputs, TorchRuntime.Start(DeviceKind.Cpu));
        var random = new StableRandom(11);
        var parameters_P = InitialParameters.Draw(learner.Layout, 3);
        foreach (ref var parameter in parameters_P.AsSpan())
            parameter += (float)(0.3 * random.NextNormal());
        learner.Load(parameters_P);
        var math = new RowMath(learner.Layout, parameters_P);
        var rows = Rows(random);
        var predictions_T = learner.Predict(rows, PulledRows.None);
        for (var row = 0; row < RowCount; row++)
        {
            double[] x = [.. rows.Dense_BD.AsSpan(row * 5, 5).ToArray()];
            var expected_T = formula(math, x, rows.Domains_B![row]);
            for (var task = 0; task < expected_T.Length; task++)
            {
                var expected = inputs.Tasks[task].Kind == TaskKind.Binary ? Sigmoid(expected_T[task]) : expected_T[task];
                Assert.Equal(expected, predictions_T[task][row], 2e-5 * Math.Max(1, Math.Abs(expected)));
            }
        }
    }

    private static EncodedRows Rows(StableRandom random) => new()
    {
        Count = RowCount,
        DenseWidth = 5,
        Dense_BD = [.. Enumerable.Range(0, RowCount * 5).Select(_ => (float)random.NextNormal())],
        CategoricalCount = 0,
        Ids_BC = [],
        Sequences = [],
        TaskCount = 3,
        Labels_BT = new float[RowCount * 3],
        Domains_B = [1, 0, -1, 1, 0, 0, -1],
    };

    private static double SmoothStep(double t, double width) =>
        t <= -width / 2 ? 0 : t >= width / 2 ? 1 : -2 / (width * width * width) * t * t * t + 3 / (2 * width) * t + 0.5;

    private static double[] Masked(RowMath math, string attention, double[] seen, double[] layer) =>
        [.. math.Linear($"{attention}.mask", Relu(math.Linear($"{attention}.hidden", seen))).Zip(layer, (mask, value) => Sigmoid(mask) * value)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
