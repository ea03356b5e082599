using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Data;

/// <summary>Training files that a job makes for itself.</summary>
public static class GeneratedData
{
    /// <summary>Writes the training file if the job says how and it is not there yet; true if it was written now.</summary>
    /// <exception cref="JobException">No such generator, or the file can't be written.</exception>
    public static bool Ensure(DataSettings data)
    {
        if (data.Generate is not { } generate || File.Exists(data.Train))
            return false;
        if (generate.Dataset != EcommerceGenerator.Dataset)
            throw new JobException($"data.generate: there is no generator '{generate.Dataset}'; there is {EcommerceGenerator.Dataset}");
        if (data.Format != DataFormat.Csv)
            throw new JobException($"data.generate: {generate.Dataset} is written as csv; data.format must be csv");
        EcommerceGenerator.Write(data.Train, generate.Rows, generate.Seed);
        return true;
    }
}
