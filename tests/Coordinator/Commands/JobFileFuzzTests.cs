using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Commands;
using DistMtl.Coordinator.Tests.Deploy;
using DistMtl.Coordinator.Tests.Runs;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Coordinator.Tests.Commands;

/// <summary>Job files that are damaged in every way: <c>validate</c> finds a job, or problems with their places, and nothing else.</summary>
public sealed partial class JobFileFuzzTests : IDisposable
{
    /// <summary>What the deployed jobs do not say.</summary>
    private const string Everything = """
        name: everything
        seed: 18446744073709551615
        data:
          format: csv
          train: train.csv
          validation: {fraction: 0.1}
          test: test*.csv
          missing: ["", NA]
          shards: 4
          shardBy: user
          key: [user, item]
          groupBy: user
          weight: age
          maxBadRows: 0.25
        features:
          - {name: age, kind: numeric, transform: log1p}
          - {name: user, kind: categorical, buckets: 20000, dim: 8}
          - {name: item, kind: categorical, dim: 8, minCount: 2}
          - {name: history, kind: sequence, separator: "|", maxLength: 10, embedding: item, encoder: {kind: din, hidden: 8, target: item}}
          - {name: title, kind: text, dim: 16, maxLength: 12, tokenizer: words, lowerCase: true, encoder: {kind: transformer, hidden: 16, heads: 2, layers: 1}}
        tasks:
          - {name: click, kind: binary, label: click, loss: focal, gamma: 2, alpha: 0.25}
          - {name: buy, kind: binary, label: buy, positiveWeight: 3, labelSmoothing: 0.1}
          - {name: stars, kind: regression, label: stars, loss: huber, delta: 0.5}
        model: {architecture: ple, experts: 2, taskExperts: 1, levels: 2, expert: [16, 8], tower: [4], dropout: 0.2}
        weighting: {strategy: static, weights: {click: 1, buy: 0.5, stars: 2}, scope: trunk, scale: raw}
        optimizer: {kind: adamw, learningRate: 0.003, weightDecay: 0.01, clipNorm: 1, schedule: {kind: cosine, warmup: 10, minimum: 0.1}, groups: [{match: embedding.*, learningRate: 0.01}]}
        embeddings: {storage: sparse, optimizer: rowwise-adagrad, admission: 2, expiry: 10000}
        metrics: {at: [5, 10], threshold: 0.5, calibrationBuckets: 10}
        training:
          epochs: 3
          batchSize: 64
          accumulate: 2
          checkpointEvery: 10
          checkpointsKept: 3
          compression: {kind: topk, ratio: 0.01, clipNorm: 1, warmupEpochs: 2}
          parameterServers: {count: 2, placement: workers}
          earlyStopping: {metric: {click.auc: 1, stars.rmse: 0.5}, patience: 2}
          onNonFinite: fail
          minWorkers: 2
          workersTimeoutSeconds: 30
        search:
          method: halving
          trials: 9
          metric: {click.auc: 1}
          parameters:
            optimizer.learningRate: {low: 0.0001, high: 0.01, scale: log}
            model.taskExperts: {low: 1, high: 3, kind: whole}
            weighting.strategy: {choices: [equal, uncertainty, pcgrad]}

        """;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ScratchDirectory _scratch = new();
    private readonly JobFileMutation _mutation;

    public JobFileFuzzTests()
    {
        File.WriteAllText(_scratch.PathOf("train.csv"), "age,user,item,history,title,click,buy,stars\n1,2,3,4|5,a b,0,1,3\n");
        File.WriteAllText(_scratch.PathOf("test1.csv"), "age,user,item,history,title,click,buy,stars\n");
        _mutation = new JobFileMutation(
        [
            Everything,
            ReadmeJob().Match(File.ReadAllText(Path.Combine(Manifests.Root, "README.md"))).Groups[1].Value,
            .. Directory.EnumerateFiles(Path.Combine(Manifests.Root, "deploy", "jobs"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText),
        ]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_job_with_everything_is_one_that_could_be() =>
        Assert.Equal((0, ""), Validate(_scratch.PathOf("job.yaml"), System.Text.Encoding.UTF8.GetBytes(Everything)));

    [Fact]
    public async Task A_damaged_file_is_a_job_or_has_problems_with_their_places()
    {
        var count = LongTests.Count(2_000, 100_000);
        var (valid, slowest, clock) = (0, TimeSpan.Zero, new Stopwatch());
        var path = _scratch.PathOf("job.yaml");
        for (var seed = 0; seed < count; seed++)
        {
            var bytes = _mutation.Next(new Random(seed));
            clock.Restart();
            var (exitCode, error) = await InTimeAsync(seed, bytes, () => Validate(path, bytes));
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            Assert.Equal(exitCode == 0, error.Length == 0);
            Assert.All(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("error: ", line, StringComparison.Ordinal));
            if (exitCode == 0)
            {
                valid++;
                AssertSameAgain(path);
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} job files: {valid} valid, the slowest took {slowest.TotalMilliseconds:0} ms");
        Assert.InRange(valid, 1, count / 2);
    }

    [Fact]
    public async Task The_program_itself_ends_with_a_code_of_the_table_and_no_stack_trace()
    {
        var path = _scratch.PathOf("job.yaml");
        for (var seed = 0; seed < LongTests.Count(12, 200); seed++)
        {
            File.WriteAllBytes(path, _mutation.Next(new Random(-1 - seed)));
            using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "distmtl"), ["validate", path])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(s_deadline);
            Assert.True(process.ExitCode is (int)ExitCode.Success or (int)ExitCode.BadInput, $"seed {seed}: {process.ExitCode}\n{await error}");
            Assert.DoesNotContain("   at ", await output + await error, StringComparison.Ordinal);
            Assert.Equal(process.ExitCode == 0, (await error).Length == 0);
        }
    }

    private static async Task<T> InTimeAsync<T>(int seed, byte[] bytes, Func<T> what)
    {
        try
        {
            return await Task.Run(what).WaitAsync(s_deadline);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{System.Text.Encoding.UTF8.GetString(bytes)}", e);
        }
    }

    /// <summary>As a user does it.</summary>
    private static (int ExitCode, string Error) Validate(string path, byte[] job)
    {
        File.WriteAllBytes(path, job);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exitCode = ValidateCommand.Create().Parse([path]).Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        Assert.True(exitCode is (int)ExitCode.Success or (int)ExitCode.BadInput, $"{exitCode}: {error}");
        return (exitCode, error.ToString());
    }

    /// <summary>What the run's folder and the workers get is the same job.</summary>
    private static void AssertSameAgain(string path)
    {
        var text = JobFileWriter.Write(JobFileReader.Read(path, [], WeightingTable.Descriptions).Job!);
        var again = JobFileReader.Parse(text, path, Path.GetDirectoryName(path)!, [], WeightingTable.Descriptions);
        Assert.Empty(again.Problems);
        Assert.Equal(text, JobFileWriter.Write(again.Job!));
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ReadmeJob();
}
